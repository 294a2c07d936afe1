/** A path below the folder of the parts as relative to it; any other absolute path as it is. */
export function relativePath(path: string, dataPath: string): string {
  return path.startsWith(dataPath) ? path.slice(dataPath.length) : path
}

/** True for a relative path that stays below the folder: only such files are ours to read and to delete. */
export function isInside(path: string): boolean {
  return !path.startsWith('/') && !path.split('/').includes('..')
}

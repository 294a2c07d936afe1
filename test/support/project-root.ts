import { existsSync } from 'node:fs'
import path from 'node:path'

/** The folder of package.json: the same whether this runs as TypeScript or from `dist`. */
export const projectRoot = findProjectRoot(import.meta.dirname)

function findProjectRoot(start: string): string {
  let folder = start
  while (!existsSync(path.join(folder, 'package.json'))) {
    const parent = path.dirname(folder)
    if (parent === folder) throw new Error(`No package.json above ${start}`)
    folder = parent
  }
  return folder
}

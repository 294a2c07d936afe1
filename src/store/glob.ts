/**
 * A test for keys: `*` stands for any text, `?` for one character, everything else for itself.
 * Runs in linear space without a regular expression, so no pattern of a client can make it slow.
 */
export function matchesGlob(glob: string, key: string): boolean {
  let globIndex = 0
  let keyIndex = 0
  let starIndex = -1
  let resumeIndex = 0
  while (keyIndex < key.length) {
    const wanted = glob[globIndex]
    if (wanted === '*') {
      starIndex = globIndex
      globIndex += 1
      resumeIndex = keyIndex
    } else if (wanted === '?' || (wanted !== undefined && wanted === key[keyIndex])) {
      globIndex += 1
      keyIndex += 1
    } else if (starIndex >= 0) {
      // Only the last star needs to give way: the ones before it have matched as little as they could.
      globIndex = starIndex + 1
      resumeIndex += 1
      keyIndex = resumeIndex
    } else {
      return false
    }
  }
  while (glob[globIndex] === '*') globIndex += 1
  return globIndex === glob.length
}

/** True for a name that can stand for several: it has `*`, `?` or `[`. */
export function isGlob(name: string): boolean {
  return /[*?[]/.test(name)
}

/**
 * Whether a text matches a glob as DuckDB has them: `*` any characters, `?` one, `[a-z]` and `[!a-z]` one of a set.
 * Time is at worst the product of both lengths, whatever the glob, since it comes from clients.
 */
export function matchesGlob(glob: string, text: string): boolean {
  let at = 0
  let index = 0
  let afterStar = -1
  let starIndex = 0
  while (index < text.length) {
    if (glob.charAt(at) === '*') {
      afterStar = ++at
      starIndex = index
      continue
    }
    const next = matchOne(glob, at, text.charAt(index))
    if (next !== undefined) {
      at = next
      index++
    } else if (afterStar >= 0) {
      at = afterStar
      index = ++starIndex
    } else return false
  }
  while (glob.charAt(at) === '*') at++
  return at === glob.length
}

/** Where the glob goes on after it has taken one character; undefined where it does not take it. */
function matchOne(glob: string, at: number, char: string): number | undefined {
  const expected = glob.charAt(at)
  if (expected === '') return undefined
  if (expected === '?') return at + 1
  const close = expected === '[' ? glob.indexOf(']', at + 2) : -1
  if (close < 0) return expected === char ? at + 1 : undefined
  const isNegated = glob.charAt(at + 1) === '!'
  const isInside = hasCharacter(glob.slice(at + (isNegated ? 2 : 1), close), char)
  return isInside !== isNegated ? close + 1 : undefined
}

function hasCharacter(set: string, char: string): boolean {
  for (let at = 0; at < set.length; at++) {
    const first = set.charAt(at)
    if (set.charAt(at + 1) === '-' && at + 2 < set.length) {
      if (first <= char && char <= set.charAt(at + 2)) return true
      at += 2
    } else if (first === char) return true
  }
  return false
}

/** A path that stands for its own file only: what a glob would take as a pattern is put into a set of one. */
export function escapeGlob(path: string): string {
  return path.replace(/[*?[]/g, '[$&]')
}

/** What stands before `%`, `_` and itself in a pattern where they mean themselves; SqlInfo tells it to clients. */
export const LIKE_ESCAPE = '\\'

/**
 * Matches a text against a filter of a metadata command: `%` is any text, `_` one character.
 *
 * @param pattern - null matches everything
 */
export function matchesLike(pattern: string | null, text: string): boolean {
  return pattern === null || likePattern(pattern).test(text)
}

function likePattern(pattern: string): RegExp {
  const source = pattern.replace(/\\([\\%_])|[\s\S]/gu, (character, escaped: string | undefined) => {
    if (escaped !== undefined) return literal(escaped)
    if (character === '%') return '.*'
    return character === '_' ? '.' : literal(character)
  })
  return new RegExp(`^${source}$`, 'su')
}

function literal(character: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character
}

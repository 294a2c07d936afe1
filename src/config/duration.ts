const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])

/**
 * Reads a length of time such as `7d`, `12h`, `30m`, `90s` or `500ms`; `0` needs no unit.
 *
 * @returns milliseconds; undefined where the text is none, or one beyond 2^53 - 1 ms
 */
export function parseDuration(text: string): number | undefined {
  const [, figure, unit] = /^(\d+(?:\.\d+)?)\s*(ms|[smhd])$/.exec(text.trim()) ?? []
  const unitMs = UNIT_MS.get(unit ?? '')
  if (figure === undefined || unitMs === undefined) return text.trim() === '0' ? 0 : undefined
  const ms = Math.floor(Number(figure) * unitMs)
  return Number.isSafeInteger(ms) ? ms : undefined
}

const DECIMAL = 1000
const BINARY = 1024

/** Units in lower case, as DuckDB reads them: `MB` is 10^6 bytes, `MiB` is 2^20. */
const UNIT_BYTES: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['b', 1],
  ['kb', DECIMAL],
  ['mb', DECIMAL ** 2],
  ['gb', DECIMAL ** 3],
  ['tb', DECIMAL ** 4],
  ['kib', BINARY],
  ['mib', BINARY ** 2],
  ['gib', BINARY ** 3],
  ['tib', BINARY ** 4],
])

const SIZE_PATTERN = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i

/**
 * Reads a size such as `2GB`, `512 MiB` or `1048576` (bytes).
 *
 * @returns whole bytes, rounded down; undefined where the text is no size, or one beyond 2^53 - 1 bytes.
 */
export function parseBytes(text: string): number | undefined {
  const [, figure, unit] = SIZE_PATTERN.exec(text.trim()) ?? []
  const unitBytes = UNIT_BYTES.get((unit ?? '').toLowerCase())
  if (figure === undefined || unitBytes === undefined) return undefined
  const bytes = Math.floor(Number(figure) * unitBytes)
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

/** Writes a size for people: `312 B`, `1.5 GiB`. Binary units, as memory and files are counted in. */
export function formatBytes(bytes: number): string {
  if (bytes < BINARY) return `${bytes} B`
  let value = bytes / BINARY
  for (const unit of ['KiB', 'MiB', 'GiB']) {
    if (value < BINARY) return `${value.toFixed(1)} ${unit}`
    value /= BINARY
  }
  return `${value.toFixed(1)} TiB`
}

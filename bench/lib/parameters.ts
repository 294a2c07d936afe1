/** Picks the small or the full size of every parameter: benches always run, so they cannot rot. */
export function parameters<T extends Record<string, { smoke: number; full: number }>>(
  isSmoke: boolean,
  sizes: T,
): Record<keyof T, number> {
  const entries = Object.entries(sizes).map(([name, size]) => [name, isSmoke ? size.smoke : size.full])
  return Object.fromEntries(entries) as Record<keyof T, number>
}

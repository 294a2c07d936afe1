import { readFile, writeFile } from 'node:fs/promises'

/** Puts text between the markers `<!-- bench:NAME:begin -->` and `<!-- bench:NAME:end -->` of a document. */
export async function replaceSection(path: string, name: string, section: string): Promise<void> {
  const text = await readFile(path, 'utf8')
  const begin = `<!-- bench:${name}:begin -->`
  const start = text.indexOf(begin)
  const end = text.indexOf(`<!-- bench:${name}:end -->`)
  if (start === -1 || end === -1)
    throw new Error(`${path} has no place for the figures of ${name} (${begin})`)
  await writeFile(path, `${text.slice(0, start)}${begin}\n\n${section}\n\n${text.slice(end)}`)
}

/** A Markdown table, as prettier would write it; columns but the first are aligned to the right. */
export function markdownTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  texts: readonly number[] = [0],
): string {
  const isText = (column: number): boolean => texts.includes(column)
  const widths = header.map((_, column) =>
    Math.max(4, ...[header, ...rows].map((row) => row[column]?.length ?? 0)),
  )
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, column) => (isText(column) ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0))).join(' | ')} |`
  const rule = widths.map((width, column) =>
    isText(column) ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  )
  return [line(header), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n')
}

/** Three digits that count. */
export function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

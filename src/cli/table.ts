/** One column of a printed table. */
export interface Column {
  readonly name: string
  /** Stands under the name, where given. */
  readonly type?: string
  readonly alignRight?: boolean
}

/** Characters of one cell; longer text is cut. */
const CELL_CHARS_MAX = 40

const GAP = '  '
const ELLIPSIS = '…'

/**
 * Draws a table: names, types where there are any, a rule, rows. Columns from the middle give way to `…` where
 * the line would be longer than `widthMax`.
 *
 * @param rows - cells as text; a row `null` stands for rows left out
 * @returns lines without trailing blanks
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[] | null)[],
  widthMax: number = Number.POSITIVE_INFINITY,
): string[] {
  const hasTypes = columns.some((column) => column.type !== undefined)
  const drawn = columns.map((column, index): Drawn => {
    const cells = rows.map((row) => (row === null ? ELLIPSIS : cut(row[index] ?? '')))
    const head = [cut(column.name), ...(hasTypes ? [cut(column.type ?? '')] : [])]
    const width = Math.max(...head.map(widthOf), ...cells.map(widthOf), 1)
    return { head, cells, width, alignRight: column.alignRight === true }
  })
  const shown = dropMiddle(drawn, widthMax)
  const lineOf = (texts: (column: Drawn) => string): string =>
    shown
      .map((column) => pad(texts(column), column))
      .join(GAP)
      .trimEnd()
  return [
    ...(shown[0]?.head ?? []).map((_, index) => lineOf((column) => column.head[index] ?? '')),
    shown.map((column) => '─'.repeat(column.width)).join(GAP),
    ...rows.map((_, index) => lineOf((column) => column.cells[index] ?? '')),
  ]
}

interface Drawn {
  readonly head: readonly string[]
  readonly cells: readonly string[]
  readonly width: number
  readonly alignRight: boolean
}

function dropMiddle(columns: readonly Drawn[], widthMax: number): readonly Drawn[] {
  const widthOfLine = (line: readonly Drawn[]): number =>
    line.reduce((sum, column) => sum + column.width, GAP.length * (line.length - 1))
  let kept = columns
  for (let count = columns.length - 1; widthOfLine(kept) > widthMax && count > 0; count--) {
    const left = Math.ceil(count / 2)
    kept = [...columns.slice(0, left), gapLike(columns[0]), ...columns.slice(columns.length - (count - left))]
  }
  return kept
}

function gapLike(column: Drawn | undefined): Drawn {
  const filled = (texts: readonly string[] = []): string[] => texts.map(() => ELLIPSIS)
  return { head: filled(column?.head), cells: filled(column?.cells), width: 1, alignRight: false }
}

function pad(text: string, { width, alignRight }: Drawn): string {
  const blanks = ' '.repeat(width - widthOf(text))
  return alignRight ? blanks + text : text + blanks
}

/** Text with its control characters escaped: those in data must not reach the terminal. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}|\p{Cf}|[\u2028\u2029]/gu, escapeCharacter)
}

/** Printable and short. */
function cut(text: string): string {
  const whole = printable(text)
  const characters = Array.from(whole)
  return characters.length <= CELL_CHARS_MAX
    ? whole
    : characters.slice(0, CELL_CHARS_MAX - 1).join('') + ELLIPSIS
}

function escapeCharacter(character: string): string {
  const known: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }
  return known[character] ?? `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
}

/** Columns on a terminal: East Asian characters and emoji take two, combining marks none. */
function widthOf(text: string): number {
  let width = 0
  for (const character of text) width += /\p{M}/u.test(character) ? 0 : isWide(character) ? 2 : 1
  return width
}

function isWide(character: string): boolean {
  return /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
    character,
  )
}

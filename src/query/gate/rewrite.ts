import { SternaError } from '../../errors.ts'
import { quoteName } from '../duckdb.ts'
import type { CallUse, ColumnUse, ListUse, TableUse } from './analysis.ts'
import type { AtClause } from './at-clause.ts'
import { isWord, nameOf, textOf, type Token } from './lexer.ts'
import { shown } from './message.ts'
import { callText, listQuery, type Call, type Relation } from './relation.ts'
import type { StatementText } from './statement.ts'
import { type ListedTable, MAIN_SCHEMA } from './tables.ts'
import { foldName } from './tree.ts'

/** A text that takes the place of `[start, end)` of a statement. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly before: string
  readonly relation: Relation
  readonly after: string
}

/** A statement in which every name of a table is a list of files. */
export interface Rewritten {
  /** With EXPLAIN, as it runs. */
  readonly sql: string
  /** Without EXPLAIN, as it can be parsed. */
  readonly checked: string
  /** `checked`, as what can stand in another statement. */
  readonly pieces: Extract<Relation, readonly unknown[]>
  /** Every call that must be in the parse tree of `checked`, by its byte offset. */
  readonly calls: ReadonlyMap<number, Call>
}

/** A lake of 100,000 parts, all in one query, has 10 MB of names; more is a query that names them many times. */
const REWRITTEN_LENGTH_MAX = 32 * 1024 * 1024

/** A statement's tokens by the byte offsets that the parser gives. */
export class TokenFinder {
  readonly #indexes = new Map<number, number>()

  constructor({ sql, tokens }: StatementText) {
    let byteOffset = 0
    let at = 0
    tokens.forEach((token, index) => {
      byteOffset += Buffer.byteLength(sql.slice(at, token.start))
      at = token.start
      this.#indexes.set(byteOffset, index)
    })
  }

  /** The index of the token that starts at a byte offset; undefined where none does. */
  indexAt(byteOffset: number): number | undefined {
    return this.#indexes.get(byteOffset)
  }
}

/** Puts what a table means in place of its name. The name stays as alias, so that columns can be qualified by it. */
export function tableEdit(
  { sql, tokens }: StatementText,
  finder: TokenFinder,
  use: TableUse,
  relation: Relation,
  alias: string,
): Edit {
  const index = finder.indexAt(use.location) ?? -1
  const first = tokens[index]
  const previous = tokens[index - 1]
  const last = first === undefined ? undefined : lastOfName(sql, tokens, index, use)
  if (first === undefined || last === undefined) throw misplaced(use.name)
  const after = use.hasAlias ? '' : ` AS ${quoteName(alias)}`
  if (previous !== undefined && isWord(sql, previous, 'TABLE')) {
    return { start: previous.start, end: last.end, before: 'SELECT * FROM ', relation, after }
  }
  const isDescribed = isWord(sql, previous, 'DESCRIBE', 'DESC', 'SHOW', 'SUMMARIZE')
  return { start: first.start, end: last.end, before: isDescribed ? 'FROM ' : '', relation, after }
}

function lastOfName(sql: string, tokens: readonly Token[], index: number, use: TableUse): Token | undefined {
  const parts = [use.catalog, use.schema, use.name].filter((part) => part !== '')
  if (tokens[index]?.kind === 'text') {
    let end = index + 1
    // A literal goes on in the next one where a line break stands between them.
    while (tokens[end]?.kind === 'text') end++
    return parts.length === 1 ? tokens[end - 1] : undefined
  }
  const isName = parts.every((part, position) => {
    const token = tokens[index + 2 * position]
    const isDotted = position === 0 || isMark(sql, tokens[index + 2 * position - 1], '.')
    return token !== undefined && nameOf(sql, token) === part && isDotted
  })
  return isName ? tokens[index + 2 * parts.length - 2] : undefined
}

function isMark(sql: string, token: Token | undefined, mark: string): boolean {
  return token?.kind === 'mark' && textOf(sql, token) === mark
}

/**
 * Takes the schema away from columns of the tables that an edit replaces: their aliases have none.
 */
export function columnEdits(
  { tokens }: StatementText,
  finder: TokenFinder,
  columns: readonly ColumnUse[],
  tables: readonly TableUse[],
): Edit[] {
  const isOf = (column: ColumnUse, table: TableUse): boolean =>
    !table.hasAlias &&
    foldName(column.table) === foldName(table.name) &&
    foldName(column.schema) === foldName(table.schema === '' ? MAIN_SCHEMA : table.schema)
  return columns
    .filter((column) => tables.some((table) => isOf(column, table)))
    .map((column) => {
      const index = finder.indexAt(column.location) ?? -1
      const [schema, , table] = index < 0 ? [] : tokens.slice(index, index + 3)
      if (schema === undefined || table === undefined) throw misplaced(column.table)
      return { start: schema.start, end: table.start, before: '', relation: [], after: '' }
    })
}

/** Puts what a call means in its place, with all its arguments. */
export function callEdit(
  { sql, tokens }: StatementText,
  finder: TokenFinder,
  use: CallUse,
  relation: Relation,
): Edit {
  const index = finder.indexAt(use.location) ?? -1
  const first = tokens[index]
  let open = index
  while (open >= 0 && open < tokens.length && !isMark(sql, tokens[open], '(')) open++
  const name = tokens[open - 1]
  const isName = name !== undefined && foldName(nameOf(sql, name) ?? '') === use.functionName
  const close = closingBracket(sql, tokens, open)
  if (first === undefined || !isName || close === undefined) throw misplaced(use.functionName)
  // A query takes no name from a function that is no longer there.
  const isUnnamed = !('functionName' in relation) && !use.hasAlias
  const after = isUnnamed ? ` AS ${quoteName(use.functionName)}` : ''
  return { start: first.start, end: close.end, before: '', relation, after }
}

/** Takes an AT clause out of the text: what it means is in the files that take the place of the table. */
export function atEdit({ sql, tokens }: StatementText, finder: TokenFinder, { location }: AtClause): Edit {
  const literal = finder.indexAt(location) ?? -1
  const open = tokens.findLastIndex((token, index) => {
    const isAt = isWord(sql, token, 'AT') && isWord(sql, tokens[index + 2], 'VERSION', 'TIMESTAMP')
    return index < literal && isAt
  })
  const first = tokens[open]
  const close = tokens.slice(literal).find((token) => textOf(sql, token) === ')')
  if (first === undefined || close === undefined) {
    throw new SternaError('SQL_INVALID', 'An AT clause of the statement cannot be told apart')
  }
  return { start: first.start, end: close.end, before: '', relation: [], after: '' }
}

/** The bracket that closes the first one at or after an index. */
export function closingBracket(sql: string, tokens: readonly Token[], open: number): Token | undefined {
  let depth = 0
  for (let index = Math.max(open, 0); index < tokens.length; index++) {
    const token = tokens[index]
    if (isMark(sql, token, '(')) depth++
    if (isMark(sql, token, ')') && --depth === 0) return token
  }
  return undefined
}

/** Puts the names of datasets in place of each SHOW TABLES. */
export function listEdits(
  { sql, tokens }: StatementText,
  uses: readonly ListUse[],
  list: (schema: string | null) => readonly ListedTable[],
): Edit[] {
  const found = tokens.flatMap((_, index) => listAt(sql, tokens, index) ?? [])
  const isSame =
    found.length === uses.length && found.every(({ use }) => uses.some((other) => sameList(use, other)))
  if (!isSame) throw misplaced('SHOW TABLES')
  return found.map(({ use, start, end }) => {
    return { start, end, before: '', relation: [listQuery(list(use.schema), use)], after: '' }
  })
}

function sameList(a: ListUse, b: ListUse): boolean {
  return a.schema === b.schema && a.isFull === b.isFull
}

interface FoundList {
  readonly use: ListUse
  readonly start: number
  readonly end: number
}

/** `SHOW TABLES [FROM schema]` or `SHOW [ALL [TABLES]]`, where DESCRIBE and DESC are the same as SHOW. */
function listAt(sql: string, tokens: readonly Token[], index: number): FoundList | undefined {
  const [verb, second, third, fourth] = tokens.slice(index, index + 4)
  const isStart = index === 0 || isMark(sql, tokens[index - 1], '(')
  if (verb === undefined || !isStart || !isWord(sql, verb, 'SHOW', 'DESCRIBE', 'DESC')) return undefined
  const found = (schema: string | null, isFull: boolean, last: Token): FoundList => ({
    use: { schema, isFull },
    start: verb.start,
    end: last.end,
  })
  if (second === undefined || isMark(sql, second, ')')) return found(null, true, verb)
  if (isWord(sql, second, 'ALL')) {
    return found(null, true, third !== undefined && isWord(sql, third, 'TABLES') ? third : second)
  }
  if (foldName(nameOf(sql, second) ?? '') !== 'tables') return undefined
  const schema = fourth !== undefined && isWord(sql, third, 'FROM') ? nameOf(sql, fourth) : undefined
  if (schema === undefined || fourth === undefined) return found(null, false, second)
  return found(schema, false, fourth)
}

/** @throws {@link SternaError} LIMIT_EXCEEDED where the text would be too long. */
export function applyEdits({ sql, prefix }: StatementText, edits: readonly Edit[]): Rewritten {
  const calls = new Map<number, Call>()
  const pieces: (Call | string)[] = []
  let text = ''
  let byteOffset = 0
  let at = 0
  const append = (part: string, call?: Call): void => {
    text += part
    pieces.push(call ?? part)
    byteOffset += Buffer.byteLength(part)
    if (text.length > REWRITTEN_LENGTH_MAX) {
      throw new SternaError(
        'LIMIT_EXCEEDED',
        'The statement reads too many parts; name fewer datasets, or name them once',
      )
    }
  }
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    if (edit.start < at) throw misplaced('A table')
    append(sql.slice(at, edit.start) + edit.before)
    for (const piece of 'functionName' in edit.relation ? [edit.relation] : edit.relation) {
      if (typeof piece === 'string') {
        append(piece)
        continue
      }
      calls.set(byteOffset, piece)
      append(callText(piece), piece)
    }
    append(edit.after)
    at = edit.end
  }
  append(sql.slice(at))
  return { sql: prefix + text.slice(prefix.length), checked: text, pieces, calls }
}

function misplaced(name: string): SternaError {
  return new SternaError('SQL_INVALID', `"${shown(name)}" stands where a table of the lake cannot be read`)
}

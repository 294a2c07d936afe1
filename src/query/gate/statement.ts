import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { isWord, plainSpaces, textOf, tokenize, type Token } from './lexer.ts'
import { shown } from './message.ts'
import type { ParseFault } from './tree.ts'

/** One statement of a client, ready to be parsed. */
export interface StatementText {
  /** Ends with the last token; what `prefix` holds is blank here, so that offsets stay those of the whole. */
  readonly sql: string
  /** Of `sql`, without the semicolons at the end. */
  readonly tokens: readonly Token[]
  /** EXPLAIN with its options, as written; empty for none. */
  readonly prefix: string
}

const EXPLAIN_OPTIONS = ['ANALYZE', 'ANALYSE', 'FORMAT', 'VERBOSE']

/**
 * Takes a text apart as far as tokens tell: spaces of Unicode become plain, EXPLAIN and what stands after the
 * statement are cut off.
 *
 * @throws {@link SternaError} SQL_INVALID for an empty text or one that is no Unicode text; SQL_FORBIDDEN for
 * several statements; LIMIT_EXCEEDED for a text that is too long.
 */
export function readStatement(text: string): StatementText {
  assertText(text)
  const whole = plainSpaces(text)
  const all = tokenize(whole)
  const firstSemicolon = all.findIndex((token) => textOf(whole, token) === ';')
  const tokens = firstSemicolon < 0 ? all : all.slice(0, firstSemicolon)
  const last = tokens.at(-1)
  if (last === undefined) throw new SternaError('SQL_INVALID', 'The SQL text holds no statement')
  if (all.slice(tokens.length).some((token) => textOf(whole, token) !== ';')) {
    throw new SternaError('SQL_FORBIDDEN', 'The SQL text holds several statements; send one at a time')
  }
  const count = explainLength(whole, tokens)
  if (count === tokens.length) throw new SternaError('SQL_INVALID', 'EXPLAIN needs a statement')
  const start = count === 0 ? 0 : (tokens[count]?.start ?? last.end)
  return {
    sql: ' '.repeat(start) + whole.slice(start, last.end),
    tokens: tokens.slice(count),
    prefix: whole.slice(0, start),
  }
}

function assertText(text: string): void {
  // A text of n UTF-16 units has at least n bytes: most texts need no counting.
  const byteLength = text.length * 3 <= LIMITS.requestBytesMax ? 0 : Buffer.byteLength(text)
  if (byteLength > LIMITS.requestBytesMax) {
    throw new SternaError(
      'LIMIT_EXCEEDED',
      `The SQL text has ${byteLength} bytes; at most ${LIMITS.requestBytesMax} are allowed`,
    )
  }
  // What runs is a C string: it would end at a NUL, and so differ from what was checked.
  if (text.includes('\0')) throw new SternaError('SQL_INVALID', 'The SQL text holds a NUL character')
  if (/\p{Surrogate}/u.test(text)) throw new SternaError('SQL_INVALID', 'The SQL text is not valid Unicode')
}

/** How many tokens EXPLAIN and its options are. */
function explainLength(sql: string, tokens: readonly Token[]): number {
  if (!isWord(sql, tokens[0], 'EXPLAIN')) return 0
  let count = 1
  const isOpen = tokens[1] !== undefined && textOf(sql, tokens[1]) === '('
  if (isOpen && isWord(sql, tokens[2], ...EXPLAIN_OPTIONS)) {
    const close = tokens.findIndex((token) => textOf(sql, token) === ')')
    const options = tokens.slice(2, close)
    const isPlain = options.every((token) => token.kind === 'word' || [',', '='].includes(textOf(sql, token)))
    if (close < 0 || !isPlain)
      throw new SternaError('SQL_INVALID', 'The options of EXPLAIN are words, such as FORMAT json')
    return close + 1
  }
  if (isWord(sql, tokens[count], 'ANALYZE', 'ANALYSE')) count++
  if (isWord(sql, tokens[count], 'VERBOSE')) count++
  return count
}

/** What statements begin with that write, which Flight SQL takes. */
export const WRITE_VERBS = [
  'ALTER',
  'COMMENT',
  'CREATE',
  'DELETE',
  'DROP',
  'INSERT',
  'MERGE',
  'TRUNCATE',
  'UPDATE',
] as const

/** Words that say what a statement does, wherever they stand outside brackets. */
const VERBS = ['COPY', 'CREATE', 'DELETE', 'INSERT', 'MERGE', 'UPDATE']

/** Why a statement that DuckDB does not take for a query is refused. */
export function notSelectError(sql: string, tokens: readonly Token[]): SternaError {
  let depth = 0
  let verb: Token | undefined
  for (const token of tokens) {
    const text = textOf(sql, token)
    if (text === '(') depth++
    if (text === ')') depth--
    if (depth === 0 && isWord(sql, token, ...VERBS)) verb ??= token
  }
  const first = verb ?? tokens[0]
  const name = first === undefined ? '' : textOf(sql, first).toUpperCase()
  if (verb === undefined && tokens.some((token) => isWord(sql, token, 'PIVOT', 'PIVOT_WIDER'))) {
    return new SternaError('SQL_FORBIDDEN', 'PIVOT needs its values in the text: PIVOT … ON column IN (…)')
  }
  if (WRITE_VERBS.some((word) => word === name)) {
    return new SternaError(
      'SQL_FORBIDDEN',
      `${name} is not allowed in a query: send it by Flight SQL (ADBC, JDBC), as a statement that begins with ${name}`,
    )
  }
  return new SternaError(
    'SQL_FORBIDDEN',
    `${shown(name)} is not allowed: SQL can SELECT, EXPLAIN, DESCRIBE, SUMMARIZE and SHOW TABLES`,
  )
}

/** DuckDB's message about a text that it cannot parse, with the place. */
export function faultError(sql: string, { message, place }: ParseFault): SternaError {
  const sentence = message.charAt(0).toUpperCase() + message.slice(1)
  return new SternaError('SQL_INVALID', shown(sentence) + (place === undefined ? '' : placeOf(sql, place)))
}

function placeOf(sql: string, { offset, unit }: NonNullable<ParseFault['place']>): string {
  const before =
    unit === 'characters'
      ? Array.from(sql).slice(0, offset).join('')
      : Buffer.from(sql).toString('utf8', 0, offset)
  const lines = before.split('\n')
  return ` (line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1})`
}

import { SternaError } from '../../errors.ts'

/**
 * One token of a SQL text, as the offsets `[start, end)` of the text.
 *
 * `name` is an identifier in double quotes, `word` a keyword or an identifier without, `text` a string literal
 * in any of its forms. What stands between two tokens is whitespace and comments.
 */
export interface Token {
  readonly kind: 'word' | 'name' | 'text' | 'number' | 'operator' | 'mark'
  readonly start: number
  readonly end: number
}

/**
 * DuckDB needs time in the square of the depth of nested comments: 8.6 s for 80 KB of comment openings, during
 * which nothing can stop it. Nobody nests them.
 */
const COMMENT_DEPTH_MAX = 16

/**
 * The parse tree of 20,000 list elements has 3 MB and takes 75 ms; that of the longest request would stop
 * everything else for seconds.
 */
const TOKENS_MAX = 50_000

const OPERATOR = '~!@^&|`+-*/%<>='
/** What DuckDB's parser takes for a space besides those of ASCII. Sticky and global variants of one class. */
const UNICODE_SPACE = '\\u00a0\\u2000-\\u200b\\u202f\\u205f\\u2060\\u3000\\ufeff'
const HAS_UNICODE_SPACE = new RegExp(`[${UNICODE_SPACE}]`)
const UNICODE_SPACES = new RegExp(`[${UNICODE_SPACE}]`, 'g')
const SPACES = new RegExp(`[ \\t\\n\\r\\f${UNICODE_SPACE}]+`, 'y')
const LINE_COMMENT = /--[^\n\r]*/y
const WORD = new RegExp(
  `(?:[A-Za-z_]|(?![${UNICODE_SPACE}])[^\\0-\\x7f])(?:[\\w$]|(?![${UNICODE_SPACE}])[^\\0-\\x7f])*`,
  'y',
)
const NUMBER = /(?:\d[\d_]*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?/y
const DOLLAR_QUOTE = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y
const DOLLAR_NAME = /\$\w+/y
const PLAIN_TEXT = /'(?:[^']|'')*'?/y
const ESCAPED_TEXT = /[eE]'(?:[^'\\]|''|\\(?:[\s\S]|$))*'?/y
const BYTES_TEXT = /[bBxX]'[^']*'?/y
const QUOTED_NAME = /"(?:[^"]|"")*"?/y
const MARK = /::|:=|\.\.|[\s\S]/y

/**
 * Cuts a SQL text into tokens as DuckDB 1.5's scanner does. A literal or name that is not closed reaches to the
 * end of the text: the parser, which sees it, reports it. It does not see comments at the end.
 *
 * Source: third_party/libpg_query/scan.l of DuckDB 1.5.5.
 *
 * @throws {@link SternaError} LIMIT_EXCEEDED for too many tokens or too deeply nested comments; SQL_INVALID for a
 * comment that is not closed.
 */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = []
  let at = skipSpace(sql, 0)
  while (at < sql.length) {
    const token = readToken(sql, at)
    tokens.push(token)
    if (tokens.length > TOKENS_MAX) {
      throw new SternaError('LIMIT_EXCEEDED', `The SQL text has more than ${TOKENS_MAX} tokens`)
    }
    at = skipSpace(sql, token.end)
  }
  return tokens
}

function readToken(sql: string, start: number): Token {
  const char = sql.charAt(start)
  const token = (kind: Token['kind'], end: number | undefined): Token => ({
    kind,
    start,
    end: end ?? start + 1,
  })
  if (char === `'`) return token('text', match(PLAIN_TEXT, sql, start))
  if (char === '"') return token('name', match(QUOTED_NAME, sql, start))
  if (char === '$') {
    const open = match(DOLLAR_QUOTE, sql, start)
    if (open === undefined) return token('mark', match(DOLLAR_NAME, sql, start))
    const tag = sql.slice(start, open)
    const close = sql.indexOf(tag, open)
    return token('text', close < 0 ? sql.length : close + tag.length)
  }
  const prefixed = match(ESCAPED_TEXT, sql, start) ?? match(BYTES_TEXT, sql, start)
  if (prefixed !== undefined) return token('text', prefixed)
  const word = match(WORD, sql, start)
  if (word !== undefined) return token('word', word)
  const number = match(NUMBER, sql, start)
  if (number !== undefined) return token('number', number)
  if (OPERATOR.includes(char)) return token('operator', operatorEnd(sql, start))
  return token('mark', match(MARK, sql, start))
}

function operatorEnd(sql: string, start: number): number {
  let end = start + 1
  while (end < sql.length && OPERATOR.includes(sql.charAt(end)) && !isCommentStart(sql, end)) end++
  return end
}

function isCommentStart(sql: string, at: number): boolean {
  return sql.startsWith('--', at) || sql.startsWith('/*', at)
}

function skipSpace(sql: string, start: number): number {
  let at = start
  for (;;) {
    const end = match(SPACES, sql, at) ?? match(LINE_COMMENT, sql, at) ?? blockCommentEnd(sql, at)
    if (end === undefined) return at
    at = end
  }
}

function blockCommentEnd(sql: string, start: number): number | undefined {
  if (!sql.startsWith('/*', start)) return undefined
  let depth = 1
  let at = start + 2
  while (depth > 0 && at < sql.length) {
    if (sql.startsWith('/*', at)) {
      depth++
      at += 2
    } else if (sql.startsWith('*/', at)) {
      depth--
      at += 2
    } else at++
    if (depth > COMMENT_DEPTH_MAX) {
      throw new SternaError(
        'LIMIT_EXCEEDED',
        `The SQL text nests comments more than ${COMMENT_DEPTH_MAX} deep`,
      )
    }
  }
  if (depth > 0) throw new SternaError('SQL_INVALID', 'A comment is not closed: /* without */')
  return at
}

function match(pattern: RegExp, sql: string, at: number): number | undefined {
  pattern.lastIndex = at
  return pattern.test(sql) ? pattern.lastIndex : undefined
}

/** True for a token that is this keyword, in any case. Keywords are never quoted. */
export function isWord(sql: string, token: Token | undefined, ...words: readonly string[]): boolean {
  return token?.kind === 'word' && words.includes(upperCase(textOf(sql, token)))
}

/** Only letters of ASCII have a case in keywords: `ſelect` is a name. */
function upperCase(text: string): string {
  return text.replace(/[a-z]+/g, (letters) => letters.toUpperCase())
}

/** The token's text. */
export function textOf(sql: string, token: Token): string {
  return sql.slice(token.start, token.end)
}

/** What an identifier names; undefined for a token that is none. */
export function nameOf(sql: string, token: Token): string | undefined {
  if (token.kind === 'word') return textOf(sql, token)
  return token.kind === 'name' ? sql.slice(token.start + 1, token.end - 1).replaceAll('""', '"') : undefined
}

/**
 * The text with the spaces that only Unicode has made plain ones, outside literals and names. DuckDB does the
 * same before it parses, and its byte offsets then count from the changed text.
 */
export function plainSpaces(sql: string): string {
  if (!HAS_UNICODE_SPACE.test(sql)) return sql
  let result = ''
  let at = 0
  for (const { start, end } of tokenize(sql)) {
    result += sql.slice(at, start).replace(UNICODE_SPACES, ' ') + sql.slice(start, end)
    at = end
  }
  return result + sql.slice(at).replace(UNICODE_SPACES, ' ')
}

/**
 * Words that are keywords wherever they stand, except as a label: no column or table can have their name without
 * quotes. Other keywords can be the name of a column, whose case is that of the result's column.
 */
const KEYWORDS = new Set(
  `ALL AND ANY AS ASC ASOF CASE CAST CROSS DESC DESCRIBE DISTINCT ELSE END EXCEPT FALSE FROM FULL GROUP HAVING
  IN INNER INTERSECT IS JOIN LATERAL LEFT LIKE LIMIT NATURAL NOT NULL OFFSET ON OR ORDER OUTER PIVOT POSITIONAL
  QUALIFY RIGHT SELECT SHOW SUMMARIZE THEN TRUE UNION UNPIVOT USING WHEN WHERE WINDOW WITH`.split(/\s+/),
)

/**
 * One text for all SQL texts that differ in spaces, comments and the case of common keywords only: part of the key
 * of a cached result. Texts that could differ in meaning never share it; some that mean the same do not.
 */
export function normalize(sql: string, tokens: readonly Token[]): string {
  const parts: string[] = []
  tokens.forEach((token, index) => {
    const previous = tokens[index - 1]
    parts.push(previous === undefined ? '' : separator(sql, previous, token))
    const text = textOf(sql, token)
    const upper = token.kind === 'word' ? upperCase(text) : text
    const isKeyword = KEYWORDS.has(upper) || (upper === 'BY' && isWord(sql, previous, 'GROUP', 'ORDER'))
    parts.push(isKeyword && !isLabel(sql, previous, tokens[index + 1]) ? upper : text)
  })
  return parts.join('')
}

function separator(sql: string, previous: Token, token: Token): string {
  if (previous.kind !== 'text' || token.kind !== 'text') return ' '
  // Two literals are one where a line break stands between them.
  return /[\n\r]/.test(sql.slice(previous.end, token.start)) ? '\n' : ' '
}

/** A label keeps its case: it becomes the name of a column or of a struct's member. */
function isLabel(sql: string, previous: Token | undefined, next: Token | undefined): boolean {
  if (isWord(sql, previous, 'AS') || (previous !== undefined && textOf(sql, previous) === '.')) return true
  return next !== undefined && [':', ':=', '=>'].includes(textOf(sql, next))
}

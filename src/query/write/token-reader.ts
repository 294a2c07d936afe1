import { SternaError } from '../../errors.ts'
import { isWord, nameOf, textOf, tokenize, type Token } from '../gate/lexer.ts'
import { shown } from '../gate/message.ts'
import { LAKE_CATALOG } from '../gate/tables.ts'
import { foldName } from '../gate/tree.ts'

/** The name of a table, view or schema as a statement writes it. */
export interface WrittenName {
  /** Null where the statement names none. */
  readonly schema: string | null
  readonly name: string
}

/**
 * Reads the head of a statement token by token, and cuts out the expressions and queries in it as texts. These are
 * balanced, so that they can stand in parentheses; whether they may run is for the gate to say.
 */
export class TokenReader {
  readonly #sql: string
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(sql: string, tokens: readonly Token[] = tokenize(sql)) {
    this.#sql = sql
    this.#tokens = tokens.flatMap((token) => signApart(sql, token))
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#tokens.length
  }

  /** True where the next tokens are these words, in any case. */
  hasWords(...words: readonly string[]): boolean {
    return words.every((word, index) => isWord(this.#sql, this.#tokens[this.#at + index], word))
  }

  /** True where the next token is one of these words. */
  hasOneOf(...words: readonly string[]): boolean {
    return isWord(this.#sql, this.#tokens[this.#at], ...words)
  }

  /** True where a mark and then a word come next. */
  hasMarkAndWord(mark: string, word: string): boolean {
    return this.hasMark(mark) && isWord(this.#sql, this.#tokens[this.#at + 1], word)
  }

  /** Reads on without moving from here. */
  peek<T>(read: (ahead: TokenReader) => T): T {
    const ahead = new TokenReader(this.#sql, this.#tokens)
    ahead.#at = this.#at
    return read(ahead)
  }

  hasMark(mark: string): boolean {
    const token = this.#tokens[this.#at]
    return token !== undefined && token.kind !== 'text' && textOf(this.#sql, token) === mark
  }

  /** Passes over these words where they come next. */
  takeWords(...words: readonly string[]): boolean {
    if (!this.hasWords(...words)) return false
    this.#at += words.length
    return true
  }

  takeMark(mark: string): boolean {
    if (!this.hasMark(mark)) return false
    this.#at += 1
    return true
  }

  expectWords(...words: readonly string[]): void {
    if (!this.takeWords(...words)) throw this.unexpected(words.join(' '))
  }

  expectMark(mark: string): void {
    if (!this.takeMark(mark)) throw this.unexpected(mark)
  }

  /** A name, quoted or not. */
  takeName(what: string): string {
    const token = this.#tokens[this.#at]
    const name = token === undefined ? undefined : nameOf(this.#sql, token)
    if (name === undefined || name === '') throw this.unexpected(what)
    this.#at += 1
    return name
  }

  /** `[[catalog.]schema.]name` */
  takeTable(what: string): WrittenName {
    const parts = [this.takeName(what)]
    while (parts.length < 3 && this.takeMark('.')) parts.push(this.takeName(what))
    const name = parts.pop() ?? ''
    const schema = parts.pop() ?? null
    const [catalog] = parts
    if (catalog !== undefined && foldName(catalog) !== LAKE_CATALOG) {
      throw new SternaError(
        'SQL_INVALID',
        `There is no catalog "${shown(catalog)}"; the one is "${LAKE_CATALOG}"`,
      )
    }
    return { schema, name }
  }

  /** `(name, …)` */
  takeNames(what: string): string[] {
    this.expectMark('(')
    const names = [this.takeName(what)]
    while (this.takeMark(',')) names.push(this.takeName(what))
    this.expectMark(')')
    return names
  }

  /** A literal text. */
  takeText(what: string): string {
    const token = this.#tokens[this.#at]
    const text = token?.kind === 'text' ? textOf(this.#sql, token) : ''
    if (!text.startsWith(`'`) || !text.endsWith(`'`) || text.length < 2) throw this.unexpected(what)
    this.#at += 1
    return text.slice(1, -1).replaceAll(`''`, `'`)
  }

  /** `[AS] name`, where what comes is no word of the statement. */
  takeAlias(...keywords: readonly string[]): string | null {
    if (this.takeWords('AS')) return this.takeName('an alias')
    const token = this.#tokens[this.#at]
    if (token === undefined || (token.kind !== 'word' && token.kind !== 'name')) return null
    return isWord(this.#sql, token, ...keywords) ? null : this.takeName('an alias')
  }

  /**
   * The text up to a comma, a closing bracket or one of these words outside of brackets, or to the end.
   *
   * @throws {@link SternaError} SQL_INVALID where there is none, or its brackets do not match
   */
  takeExpression(what: string, ...ends: readonly string[]): string {
    return this.#take(what, true, ends)
  }

  /** As {@link takeExpression}, with commas. */
  takeClause(what: string, ...ends: readonly string[]): string {
    return this.#take(what, false, ends)
  }

  /** What stands in brackets, without them. */
  takeBracketed(what: string): string {
    this.expectMark('(')
    const text = this.takeClause(what)
    this.expectMark(')')
    return text
  }

  /** @throws {@link SternaError} SQL_INVALID, saying what should come where the next token is */
  unexpected(expected: string): SternaError {
    const token = this.#tokens[this.#at]
    const found = token === undefined ? 'the end' : `"${shown(textOf(this.#sql, token))}"`
    const place = token === undefined ? '' : placeOf(this.#sql, token.start)
    return new SternaError('SQL_INVALID', `${found} stands where ${expected} should be${place}`)
  }

  /** @throws {@link SternaError} SQL_INVALID where more comes */
  expectEnd(): void {
    if (!this.isAtEnd) throw this.unexpected('the end of the statement')
  }

  #take(what: string, endsAtComma: boolean, ends: readonly string[]): string {
    const start = this.#at
    let depth = 0
    while (!this.isAtEnd) {
      if (depth === 0 && (this.hasOneOf(...ends) || this.hasMark(')'))) break
      if (depth === 0 && endsAtComma && this.hasMark(',')) break
      if (['(', '[', '{'].some((mark) => this.hasMark(mark))) depth += 1
      if ([')', ']', '}'].some((mark) => this.hasMark(mark))) depth -= 1
      if (depth < 0) break
      this.#at += 1
    }
    const [first, last] = [this.#tokens[start], this.#tokens[this.#at - 1]]
    if (depth !== 0 || this.#at === start || first === undefined || last === undefined) {
      throw this.unexpected(what)
    }
    return this.#sql.slice(first.start, last.end)
  }
}

/** `=-1`, which is no operator of DuckDB, as `=` and `-1`. */
function signApart(sql: string, token: Token): Token[] {
  if (token.kind !== 'operator' || !/^=[+-]+$/.test(textOf(sql, token))) return [token]
  const middle = token.start + 1
  return [
    { ...token, end: middle },
    { ...token, start: middle },
  ]
}

function placeOf(sql: string, offset: number): string {
  const lines = sql.slice(0, offset).split('\n')
  return ` (line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1})`
}

import { SternaError } from '../../errors.ts'
import { textOf, type Token } from '../gate/lexer.ts'
import { readStatement, WRITE_VERBS } from '../gate/statement.ts'
import { parseAssignments, unsupported } from './clauses.ts'
import { parseAlter, parseComment, parseCreate, parseDrop } from './parse-definitions.ts'
import { parseMerge } from './parse-merge.ts'
import { TokenReader } from './token-reader.ts'
import type { WriteStatement } from './write-statement.ts'

const PARSERS: Readonly<Record<(typeof WRITE_VERBS)[number], (reader: TokenReader) => WriteStatement>> = {
  ALTER: parseAlter,
  COMMENT: parseComment,
  CREATE: parseCreate,
  DELETE: parseDelete,
  DROP: parseDrop,
  INSERT: parseInsert,
  MERGE: parseMerge,
  TRUNCATE: parseTruncate,
  UPDATE: parseUpdate,
}

/**
 * Takes a statement apart that writes. Null for any other: whether that may run is for the gate to say.
 *
 * @throws {@link SternaError} SQL_INVALID for what has not the form of its statement, SQL_FORBIDDEN for several
 * statements, NOT_IMPLEMENTED naming a clause that is not supported, LIMIT_EXCEEDED
 */
export function parseWrite(text: string): WriteStatement | null {
  // Most statements read: they are cut into tokens once, by the gate.
  if (!/^[^'"]*?\b(alter|comment|create|delete|drop|insert|merge|truncate|update)\b/i.test(text)) return null
  const { sql, tokens, prefix } = readStatement(text)
  const verb = WRITE_VERBS.find((word) => new TokenReader(sql, tokens).hasWords(word))
  if (verb === undefined) return null
  if (prefix !== '') {
    throw new SternaError('NOT_IMPLEMENTED', `EXPLAIN of ${verb} is not supported; EXPLAIN its query`)
  }
  const numbered = numberParameters(sql, tokens)
  const reader = new TokenReader(numbered)
  const statement = PARSERS[verb](reader)
  reader.expectEnd()
  return statement
}

/** `?` as `$1`, `$2`, …: the parts of the statement come to stand in another order. */
function numberParameters(sql: string, tokens: readonly Token[]): string {
  let numbered = ''
  let at = 0
  let count = 0
  for (const token of tokens) {
    if (token.kind !== 'mark' || textOf(sql, token) !== '?') continue
    count += 1
    numbered += `${sql.slice(at, token.start)}$${count}`
    at = token.end
    // What `?1` means is the same.
    const digits = /^\d+/.exec(sql.slice(at))?.[0] ?? ''
    if (digits !== '') {
      numbered = numbered.slice(0, -String(count).length) + digits
      at += digits.length
    }
  }
  return numbered + sql.slice(at)
}

function parseInsert(reader: TokenReader): WriteStatement {
  reader.expectWords('INSERT')
  if (reader.hasWords('OR')) throw unsupported('INSERT OR REPLACE and INSERT OR IGNORE', 'MERGE INTO does it')
  reader.expectWords('INTO')
  const table = reader.takeTable('the name of a table')
  if (reader.takeWords('AS')) reader.takeName('an alias')
  const columns =
    reader.hasMark('(') && !startsQuery(reader) ? reader.takeNames('the name of a column') : null
  const isByName = reader.takeWords('BY', 'NAME')
  if (!isByName) reader.takeWords('BY', 'POSITION')
  if (reader.takeWords('DEFAULT', 'VALUES')) {
    return { kind: 'insert', table, columns: columns ?? [], isByName: false, query: null }
  }
  const query = takeInsertQuery(reader)
  refuseReturning(reader)
  return { kind: 'insert', table, columns, isByName, query }
}

/** ON also joins tables: only what follows it tells. */
function takeInsertQuery(reader: TokenReader): string {
  const query = reader.takeClause('VALUES or a query', 'RETURNING', 'CONFLICT')
  if (reader.hasWords('CONFLICT')) throw unsupported('ON CONFLICT', 'MERGE INTO does it')
  return query
}

/** True where the bracket that comes next is that of a query, not of a list of columns. */
function startsQuery(reader: TokenReader): boolean {
  return ['SELECT', 'VALUES', 'FROM', 'WITH', 'TABLE'].some((word) => reader.hasMarkAndWord('(', word))
}

function parseUpdate(reader: TokenReader): WriteStatement {
  reader.expectWords('UPDATE')
  const table = reader.takeTable('the name of a table')
  const alias = reader.takeAlias('SET')
  reader.expectWords('SET')
  const set = parseAssignments(reader, 'FROM', 'WHERE', 'RETURNING')
  const from = reader.takeWords('FROM') ? reader.takeClause('a table', 'WHERE', 'RETURNING') : null
  const where = parseWhere(reader)
  refuseReturning(reader)
  return { kind: 'update', table, alias, set, from, where }
}

function parseDelete(reader: TokenReader): WriteStatement {
  reader.expectWords('DELETE', 'FROM')
  const table = reader.takeTable('the name of a table')
  const alias = reader.takeAlias('USING', 'WHERE', 'RETURNING')
  const using = reader.takeWords('USING') ? reader.takeClause('a table', 'WHERE', 'RETURNING') : null
  const where = parseWhere(reader)
  refuseReturning(reader)
  return { kind: 'delete', table, alias, using, where }
}

function parseTruncate(reader: TokenReader): WriteStatement {
  reader.expectWords('TRUNCATE')
  reader.takeWords('TABLE')
  return { kind: 'truncate', table: reader.takeTable('the name of a table') }
}

function parseWhere(reader: TokenReader): string | null {
  return reader.takeWords('WHERE') ? reader.takeClause('a condition', 'RETURNING') : null
}

function refuseReturning(reader: TokenReader): void {
  if (reader.hasWords('RETURNING')) throw unsupported('RETURNING', 'SELECT the rows')
}

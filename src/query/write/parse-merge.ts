import { SternaError } from '../../errors.ts'
import { parseAssignments } from './clauses.ts'
import type { TokenReader } from './token-reader.ts'
import type { MergeBranch, WriteStatement } from './write-statement.ts'

const SOURCE_ALIAS = 'sterna_source'

/** `MERGE INTO table USING source ON condition WHEN … THEN …` */
export function parseMerge(reader: TokenReader): WriteStatement {
  reader.expectWords('MERGE', 'INTO')
  const table = reader.takeTable('the name of a table')
  const alias = reader.takeAlias('USING')
  reader.expectWords('USING')
  const source = reader.hasMark('(')
    ? `(${reader.takeBracketed('a query')})`
    : quoted(reader.takeTable('the name of a table'))
  const sourceAlias = reader.takeAlias('ON', 'USING') ?? nameOf(source)
  const on = parseCondition(reader)
  const branches: MergeBranch[] = []
  while (reader.takeWords('WHEN')) branches.push(parseBranch(reader))
  if (branches.length === 0) throw reader.unexpected('WHEN')
  return { kind: 'merge', table, alias, source, sourceAlias, on, branches }
}

function parseCondition(reader: TokenReader): string | string[] {
  if (reader.takeWords('USING')) return reader.takeNames('the name of a column')
  reader.expectWords('ON')
  return reader.takeClause('a condition', 'WHEN')
}

function parseBranch(reader: TokenReader): MergeBranch {
  const isNot = reader.takeWords('NOT')
  reader.expectWords('MATCHED')
  const isBySource = isNot && reader.takeWords('BY', 'SOURCE')
  if (isNot && !isBySource) reader.takeWords('BY', 'TARGET')
  const match = !isNot ? 'matched' : isBySource ? 'target' : 'source'
  const condition = reader.takeWords('AND') ? reader.takeClause('a condition', 'THEN') : null
  reader.expectWords('THEN')
  const action = parseAction(reader)
  const isInsert = action.kind === 'insert'
  if (action.kind !== 'nothing' && isInsert !== (match === 'source')) {
    throw new SternaError(
      'SQL_INVALID',
      'In a MERGE, INSERT is for WHEN NOT MATCHED, UPDATE and DELETE are for the other rows',
    )
  }
  return { match, condition, action }
}

function parseAction(reader: TokenReader): MergeBranch['action'] {
  if (reader.takeWords('DO', 'NOTHING')) return { kind: 'nothing' }
  if (reader.takeWords('DELETE')) return { kind: 'delete' }
  if (reader.takeWords('UPDATE')) {
    if (!reader.takeWords('SET')) return { kind: 'update', set: 'all' }
    if (reader.takeMark('*')) return { kind: 'update', set: 'all' }
    return { kind: 'update', set: parseAssignments(reader, 'WHEN') }
  }
  reader.expectWords('INSERT')
  if (reader.takeMark('*') || reader.isAtEnd || reader.hasWords('WHEN')) {
    return { kind: 'insert', columns: null, values: 'all' }
  }
  const columns = reader.hasMark('(') ? reader.takeNames('the name of a column') : null
  reader.expectWords('VALUES')
  reader.expectMark('(')
  const values: (string | null)[] = []
  do values.push(reader.takeWords('DEFAULT') ? null : reader.takeExpression('an expression'))
  while (reader.takeMark(','))
  reader.expectMark(')')
  return { kind: 'insert', columns, values }
}

function quoted({ schema, name }: { schema: string | null; name: string }): string {
  const quote = (part: string): string => `"${part.replaceAll('"', '""')}"`
  return schema === null ? quote(name) : `${quote(schema)}.${quote(name)}`
}

/** The last part of a quoted name. */
function nameOf(source: string): string {
  if (source.startsWith('(')) return SOURCE_ALIAS
  const last = /"((?:[^"]|"")*)"$/.exec(source)?.[1] ?? SOURCE_ALIAS
  return last.replaceAll('""', '"')
}

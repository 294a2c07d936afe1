import { SternaError } from '../../errors.ts'
import { unsupported } from './clauses.ts'
import type { TokenReader } from './token-reader.ts'
import type { Alteration, ColumnDeclaration, WriteStatement } from './write-statement.ts'

/** Words that end the type of a column. */
const AFTER_TYPE = [
  'NOT',
  'NULL',
  'DEFAULT',
  'PRIMARY',
  'UNIQUE',
  'CHECK',
  'REFERENCES',
  'COLLATE',
  'GENERATED',
  'CONSTRAINT',
  'USING',
  'AS',
]

/** `CREATE …` */
export function parseCreate(reader: TokenReader): WriteStatement {
  reader.expectWords('CREATE')
  const isReplace = reader.takeWords('OR', 'REPLACE')
  const isTemporary = reader.takeWords('TEMP') || reader.takeWords('TEMPORARY')
  const what = ['TABLE', 'VIEW', 'SCHEMA'].find((word) => reader.takeWords(word))
  if (what === undefined || (what === 'SCHEMA' && (isReplace || isTemporary))) {
    throw reader.unexpected('TABLE, VIEW or SCHEMA')
  }
  if (what === 'VIEW' && isTemporary) throw unsupported('A temporary view', 'make a temporary table')
  const ifNotExists = reader.takeWords('IF', 'NOT', 'EXISTS')
  if (isReplace && ifNotExists) {
    throw new SternaError('SQL_INVALID', 'OR REPLACE and IF NOT EXISTS exclude each other')
  }
  const exists = isReplace ? 'replace' : ifNotExists ? 'keep' : 'refuse'
  if (what === 'SCHEMA') return { kind: 'create-schema', schema: takeSchema(reader), ifNotExists }
  if (what === 'TABLE') {
    const table = reader.takeTable('the name of a table')
    return { kind: 'create-table', table, isTemporary, exists, content: parseContent(reader) }
  }
  const view = reader.takeTable('the name of a view')
  const names = reader.hasMark('(') ? reader.takeNames('the name of a column') : null
  reader.expectWords('AS')
  return { kind: 'create-view', view, exists, names, query: reader.takeClause('a query') }
}

function parseContent(reader: TokenReader): Extract<WriteStatement, { kind: 'create-table' }>['content'] {
  const names = reader.hasMark('(') ? parseNamesOnly(reader) : null
  if (names === null && reader.hasMark('(')) return { columns: parseColumns(reader) }
  reader.expectWords('AS')
  // WITH also begins a query: only at the end it says whether there are rows.
  const text = reader.takeClause('a query')
  const [, query = text, no] = /^([\s\S]*\S)\s+WITH\s+(NO\s+)?DATA$/i.exec(text) ?? []
  return { query, names, hasRows: no === undefined }
}

/** `(name, …)` before AS; null where the brackets hold types as well. */
function parseNamesOnly(reader: TokenReader): string[] | null {
  const names = reader.peek((ahead) => {
    try {
      const found = ahead.takeNames('the name of a column')
      return ahead.hasWords('AS') ? found : null
    } catch {
      return null
    }
  })
  if (names !== null) reader.takeNames('the name of a column')
  return names
}

function parseColumns(reader: TokenReader): ColumnDeclaration[] {
  reader.expectMark('(')
  const columns: ColumnDeclaration[] = []
  do {
    if (reader.hasOneOf('PRIMARY', 'UNIQUE', 'CHECK', 'FOREIGN', 'CONSTRAINT')) throw unsupportedConstraint()
    columns.push(parseColumn(reader))
  } while (reader.takeMark(','))
  reader.expectMark(')')
  return columns
}

/** `name type [NOT NULL | NULL] [DEFAULT NULL]` */
function parseColumn(reader: TokenReader): ColumnDeclaration {
  const name = reader.takeName('the name of a column')
  const type = reader.takeExpression('a type', ...AFTER_TYPE)
  let isNullable = true
  for (;;) {
    if (reader.takeWords('NOT', 'NULL')) isNullable = false
    else if (reader.takeWords('NULL') || reader.takeWords('DEFAULT', 'NULL')) continue
    else if (reader.hasWords('DEFAULT')) {
      throw unsupported('A DEFAULT other than NULL', 'name the value in the INSERT')
    } else if (reader.hasOneOf(...AFTER_TYPE)) throw unsupportedConstraint()
    else return { name, type, isNullable }
  }
}

function unsupportedConstraint(): SternaError {
  return unsupported(
    'A constraint other than NOT NULL, a collation or a generated column',
    'declare name, type and NOT NULL',
  )
}

/** `DROP …` */
export function parseDrop(reader: TokenReader): WriteStatement {
  reader.expectWords('DROP')
  const what = ['TABLE', 'VIEW', 'SCHEMA'].find((word) => reader.takeWords(word))
  if (what === undefined) throw reader.unexpected('TABLE, VIEW or SCHEMA')
  const ifExists = reader.takeWords('IF', 'EXISTS')
  if (what === 'SCHEMA') {
    const schema = takeSchema(reader)
    const isCascade = reader.takeWords('CASCADE')
    if (!isCascade) reader.takeWords('RESTRICT')
    return { kind: 'drop-schema', schema, ifExists, isCascade }
  }
  const names = [reader.takeTable('a name')]
  while (reader.takeMark(',')) names.push(reader.takeTable('a name'))
  if (!reader.takeWords('CASCADE')) reader.takeWords('RESTRICT')
  return what === 'TABLE'
    ? { kind: 'drop-table', tables: names, ifExists }
    : { kind: 'drop-view', views: names, ifExists }
}

/** `ALTER TABLE …` */
export function parseAlter(reader: TokenReader): WriteStatement {
  reader.expectWords('ALTER')
  reader.expectWords('TABLE')
  const ifExists = reader.takeWords('IF', 'EXISTS')
  const table = reader.takeTable('the name of a table')
  const alterations = [parseAlteration(reader)]
  while (reader.takeMark(',')) alterations.push(parseAlteration(reader))
  return { kind: 'alter-table', table, ifExists, alterations }
}

function parseAlteration(reader: TokenReader): Alteration {
  if (reader.takeWords('ADD')) {
    reader.takeWords('COLUMN')
    const ifNotExists = reader.takeWords('IF', 'NOT', 'EXISTS')
    if (reader.hasOneOf('PRIMARY', 'UNIQUE', 'CHECK', 'FOREIGN', 'CONSTRAINT')) throw unsupportedConstraint()
    return { kind: 'add', column: parseColumn(reader), ifNotExists }
  }
  if (reader.takeWords('DROP')) {
    reader.takeWords('COLUMN')
    const ifExists = reader.takeWords('IF', 'EXISTS')
    const column = reader.takeName('the name of a column')
    if (!reader.takeWords('CASCADE')) reader.takeWords('RESTRICT')
    return { kind: 'drop', column, ifExists }
  }
  if (reader.takeWords('RENAME')) {
    if (reader.hasWords('TO'))
      throw unsupported('Renaming a table', 'CREATE TABLE … AS SELECT and DROP TABLE')
    reader.takeWords('COLUMN')
    const column = reader.takeName('the name of a column')
    reader.expectWords('TO')
    return { kind: 'rename', column, name: reader.takeName('the new name') }
  }
  reader.expectWords('ALTER')
  reader.takeWords('COLUMN')
  const column = reader.takeName('the name of a column')
  if (reader.takeWords('SET', 'NOT', 'NULL')) return { kind: 'nullable', column, isNullable: false }
  if (reader.takeWords('DROP', 'NOT', 'NULL')) return { kind: 'nullable', column, isNullable: true }
  if (!reader.takeWords('SET', 'DATA', 'TYPE')) reader.expectWords('TYPE')
  const type = reader.takeExpression('a type', ...AFTER_TYPE)
  const using = reader.takeWords('USING') ? reader.takeExpression('an expression') : null
  return { kind: 'type', column, type, using }
}

/** `COMMENT ON … IS …` */
export function parseComment(reader: TokenReader): WriteStatement {
  reader.expectWords('COMMENT', 'ON')
  const what = ['TABLE', 'VIEW', 'SCHEMA', 'COLUMN'].find((word) => reader.takeWords(word))
  if (what === undefined) throw reader.unexpected('TABLE, VIEW, SCHEMA or COLUMN')
  const on = parseCommented(reader, what)
  reader.expectWords('IS')
  const text = reader.takeWords('NULL') ? null : reader.takeText('a text')
  return { kind: 'comment', on, text }
}

function parseCommented(
  reader: TokenReader,
  what: string,
): Extract<WriteStatement, { kind: 'comment' }>['on'] {
  if (what === 'SCHEMA') return { kind: 'schema', schema: takeSchema(reader) }
  if (what !== 'COLUMN') {
    return { kind: what === 'TABLE' ? 'table' : 'view', name: reader.takeTable('a name') }
  }
  const names = [reader.takeName('the name of a column')]
  while (names.length < 4 && reader.takeMark('.')) names.push(reader.takeName('the name of a column'))
  const [column = '', name, schema = null] = names.reverse()
  if (name === undefined) throw reader.unexpected('the table of the column')
  return { kind: 'column', table: { schema, name }, column }
}

/** `[catalog.]schema` */
function takeSchema(reader: TokenReader): string {
  return reader.takeTable('the name of a schema').name
}

import type { PastMoment } from '../../store/parts.ts'
import { SternaError } from '../../errors.ts'
import { shown } from './message.ts'
import { locationOf, nodeOf, stringOf, type Node } from './tree.ts'

/** `AT (VERSION => 3)` or `AT (TIMESTAMP => '2026-02-03 04:05:06')` behind a table. */
export interface AtClause {
  /** Byte offset of the literal in the text. */
  readonly location: number
  readonly moment: PastMoment
}

/** What a text may be cast to, as `TIMESTAMP '…'` does. */
const INSTANT_TYPES = ['DATE', 'TIMESTAMP', 'TIMESTAMP_NS', 'TIMESTAMP WITH TIME ZONE']

/**
 * Reads the clause of a table; undefined where it has none.
 *
 * @param name - of the table, for messages
 * @throws {@link SternaError} SQL_FORBIDDEN for anything but a literal: what a version is, no row can say
 */
export function readAtClause(table: Node, name: string): AtClause | undefined {
  const clause = nodeOf(table, 'at_clause')
  if (clause === undefined) return undefined
  const isVersion = stringOf(clause, 'unit') === 'VERSION'
  const expression = nodeOf(clause, 'expr')
  const literal = isVersion ? expression : uncast(expression)
  const location = literal && locationOf(literal)
  const value = literal?.['class'] === 'CONSTANT' ? nodeOf(literal, 'value')?.['value'] : undefined
  if (
    location !== undefined &&
    isVersion &&
    typeof value === 'number' &&
    Number.isSafeInteger(value) &&
    value >= 0
  ) {
    return { location, moment: { version: value } }
  }
  if (location !== undefined && !isVersion && typeof value === 'string') {
    return { location, moment: { timestamp: value } }
  }
  const form = isVersion ? 'VERSION => 3' : `TIMESTAMP => '2026-02-03 04:05:06'`
  throw new SternaError('SQL_FORBIDDEN', `AT of "${shown(name)}" takes a literal: AT (${form})`)
}

function uncast(expression: Node | undefined): Node | undefined {
  const type = expression && nodeOf(expression, 'cast_type')
  if (type === undefined || !INSTANT_TYPES.includes(stringOf(type, 'id'))) return expression
  return expression && nodeOf(expression, 'child')
}

import type { BucketWidth } from '../../store/parts.ts'
import type { Duck } from '../duck.ts'
import { quoteText } from '../duckdb.ts'
import { type Node, nodeOf, nodesOf, stringOf } from '../gate/tree.ts'
import { forbidden } from './query-shape.ts'

const DAY_US = 86_400_000_000

/** Functions that the parser makes of `INTERVAL 5 MINUTE`. */
const UNITS = /^to_(?:microseconds|milliseconds|seconds|minutes|hours|days|weeks|months|quarters|years)$/

/** The width of buckets from the interval in the text. @throws SQL_FORBIDDEN where it is no constant that buckets can have */
export async function readWidth(duck: Duck, interval: Node): Promise<BucketWidth> {
  const sql = intervalSql(interval)
  if (sql === null) throw wrong('an INTERVAL that is written out')
  const [row] = await duck.use((connection) => connection.run(`SELECT ${sql}`))
  const { months, days, micros } = row?.[0] as { months: number; days: number; micros: bigint }
  const us = days * DAY_US + Number(micros)
  if (months < 0 || us < 0 || months + us === 0) throw wrong('longer than nothing')
  if (months > 0 && us > 0) throw wrong('months or days and times, not both')
  if (!Number.isSafeInteger(us)) throw wrong('at most 285 years')
  return { months, us }
}

function intervalSql(node: Node): string | null {
  const unit = stringOf(node, 'function_name')
  const value = constantIn(node)
  if (UNITS.test(unit)) return typeof value === 'number' ? `${unit}(${Math.trunc(value)})` : null
  return typeof value === 'string' && unit === '' ? `CAST(${quoteText(value)} AS INTERVAL)` : null
}

/** The one constant that casts and calls of one argument stand around. */
function constantIn(node: Node): unknown {
  if (node['class'] === 'CONSTANT') return nodeOf(node, 'value')?.['value']
  const [only, ...others] = node['class'] === 'CAST' ? [nodeOf(node, 'child')] : nodesOf(node, 'children')
  return only === undefined || others.length > 0 ? undefined : constantIn(only)
}

function wrong(how: string): ReturnType<typeof forbidden> {
  return forbidden(`has buckets that are ${how}, such as time_bucket(INTERVAL '1 minute', ts)`)
}

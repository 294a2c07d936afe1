import { Argument, type Command, InvalidArgumentError } from 'commander'
import { formatBytes } from '../config/bytes.ts'
import { LIMITS } from '../limits.ts'
import { alignFacts } from './describe.ts'
import { countOf } from './progress.ts'
import { addServerOption, callAction, type ServerOptions, withClient } from './server-connection.ts'
import { factsOf } from './stats.ts'

interface CompactOptions extends ServerOptions {
  readonly schema: string
  readonly level?: number
}

interface CompactSummary {
  readonly parts_before: number
  readonly parts_after: number
  readonly size_bytes_before: number
  readonly size_bytes_after: number
}

/** `sterna compact KEY` */
export function addCompact(program: Command): void {
  const { compressionLevelMin: min, compressionLevelMax: max } = LIMITS
  addServerOption(
    program
      .command('compact')
      .description('rewrite the parts of a dataset into fewer and smaller ones')
      .argument('<key>', 'the dataset')
      .option('--schema <name>', 'schema of the dataset', 'main')
      .option(
        '--level <level>',
        `zstd level, ${min} to ${max} (default: what the server is set to)`,
        (text) => parseWhole(text, min, max),
      ),
  ).action(compact)
}

/** `sterna compaction [pause|resume]` */
export function addCompaction(program: Command): void {
  addServerOption(
    program
      .command('compaction')
      .description('show how far compaction in the background is, stop it, or let it go on')
      .addArgument(new Argument('[action]', 'what to do').choices(['pause', 'resume'])),
  ).action(async (action: string | undefined, options: ServerOptions) => {
    const state = await withClient(options, (client) => callAction(client, 'compaction', { do: action }))
    console.log(alignFacts(factsOf(state)).join('\n'))
  })
}

async function compact(key: string, options: CompactOptions): Promise<void> {
  const { schema, level } = options
  const summary = (await withClient(options, (client) =>
    callAction(client, 'compact', { key, schema, level }),
  )) as CompactSummary
  const before = `${countOf(summary.parts_before, 'part')} of ${formatBytes(summary.size_bytes_before)}`
  const after = `${countOf(summary.parts_after, 'part')} of ${formatBytes(summary.size_bytes_after)}`
  console.log(`${key}: ${before} became ${after}`)
}

/** A whole number of an option. @throws InvalidArgumentError, which commander reports as a usage error */
export function parseWhole(text: string, min: number, max: number = Number.MAX_SAFE_INTEGER): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw new InvalidArgumentError(
    max === Number.MAX_SAFE_INTEGER
      ? `Expected a whole number of at least ${min}.`
      : `Expected a whole number from ${min} to ${max}.`,
  )
}

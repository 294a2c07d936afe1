import type { Command } from 'commander'
import { formatBytes } from '../config/bytes.ts'
import { type AnswerOptions, addGlobOptions, printAnswer } from './answer.ts'
import { nameOf } from './ls.ts'
import { countOf } from './progress.ts'
import { callAction, withClient } from './server-connection.ts'

interface RetentionOptions extends AnswerOptions {
  readonly dryRun?: true
  readonly at?: string
  readonly age?: string
  readonly size?: string
  readonly column?: string
}

/** What the action `retention` answers for a dataset. */
interface Summary {
  readonly key: string
  readonly schema: string
  readonly before: string | null
  readonly parts: number
  readonly bytes: number
  readonly rewritten_parts: number
  readonly rows: number
  readonly error: string | null
}

/** `sterna retention [GLOB]`; exits with 1 where a dataset could not be looked at. */
export function addRetention(program: Command): void {
  addGlobOptions(
    program
      .command('retention')
      .description('have rows go that are too old or too many by the limits of their datasets')
      .option('--dry-run', 'only tell what would go')
      .option('--at <time>', 'the instant at which rows are old (default: now)')
      .option('--age <time>', 'limit to try in a dry run, in place of those of the datasets')
      .option('--size <size>', 'the same for the size of all files')
      .option('--column <name>', 'by which a limit that is tried takes the age of rows'),
  ).action(retain)
}

async function retain(
  glob: string,
  { dryRun, at, age, size, column, ...options }: RetentionOptions,
): Promise<void> {
  const isTried = age !== undefined || size !== undefined || column !== undefined
  const retention = isTried ? { age, size, column } : undefined
  const body = { glob, dry_run: dryRun === true, at, retention }
  const summaries = (await withClient(options, (client) =>
    callAction(client, 'retention', body),
  )) as readonly Summary[]
  const nothing = isTried ? `no key matches "${glob}"` : `no dataset of "${glob}" has limits`
  printAnswer(options, summaries, (all) => (all.length === 0 ? [nothing] : report(all, dryRun === true)))
  if (summaries.some(({ error }) => error !== null)) process.exitCode = 1
}

function report(summaries: readonly Summary[], isDry: boolean): string[] {
  return summaries.map((summary) => `${nameOf(summary)}: ${summary.error ?? lossOf(summary, isDry)}`)
}

function lossOf({ rows, parts, bytes, rewritten_parts: rewritten }: Summary, isDry: boolean): string {
  if (rows === 0 && parts === 0) return 'nothing to remove'
  const whole = `${countOf(parts, 'part')} of ${formatBytes(bytes)}`
  const [goes, anew] = isDry ? ['would go', 'would be rewritten'] : ['went', 'rewritten']
  return `${countOf(rows, 'row')} ${goes}: ${whole}, and ${countOf(rewritten, 'part')} ${anew}`
}

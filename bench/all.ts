/**
 * Every bench, one after the other, and then the tables that documents show of their results.
 *
 * `npm run bench` runs all in full, `npm run bench -- data-plane` those whose name has one of the words, and
 * `npm run bench -- tables` none: it only writes the tables again. With `--smoke` all run at once, each in its
 * small size, and write nothing.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { projectRoot } from '../test/support/project-root.ts'
import { dataPlaneTables } from './lib/data-plane-tables.ts'
import { appendTables } from './lib/append-table.ts'
import { fairnessTable } from './lib/fairness-table.ts'
import { flightSqlTable } from './lib/flight-sql-table.ts'
import { mainJobTables } from './lib/main-job-tables.ts'
import { isSmoke, resultPath } from './lib/run.ts'
import { replaceSection } from './lib/tables.ts'
import {
  compactionTable,
  largePartsTable,
  pointQueryTable,
  pruningTable,
  rollupTable,
  startTable,
} from './lib/ticks-tables.ts'
import { targetsTable } from './lib/targets-table.ts'

const words = process.argv.slice(2).filter((word) => !word.startsWith('--'))

/** Programs of this folder but this one. */
async function benches(): Promise<string[]> {
  const files = await readdir(join(projectRoot, 'bench'))
  const names = files
    .filter((file) => file.endsWith('.ts') && file !== 'all.ts')
    .map((file) => file.slice(0, -3))
  return names.filter((name) => words.length === 0 || words.some((word) => name.includes(word))).sort()
}

async function run(name: string): Promise<void> {
  const program = join(projectRoot, 'dist/bench', `${name}.js`)
  const child = spawn(process.execPath, [program, ...(isSmoke ? ['--smoke'] : [])], { stdio: 'inherit' })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`The bench ${name} ended with ${code}`)
}

/** What a document shows of the result of a bench. */
interface Section {
  readonly bench: string
  readonly document: string
  readonly write: (result: unknown) => string
}

/** @param write - of the very type that the bench saves */
function section(bench: string, write: (result: never) => string, document = 'docs/performance.md'): Section {
  return { bench, document, write: (result) => write(result as never) }
}

const sections: readonly Section[] = [
  section('main-job', mainJobTables, 'README.md'),
  section('targets', targetsTable),
  section('fairness', fairnessTable),
  section('flight-sql', flightSqlTable),
  section('append', appendTables),
  section('start', startTable),
  section('pruning', pruningTable),
  section('point-query', pointQueryTable),
  section('compaction', compactionTable),
  section('large-parts', largePartsTable),
  section('rollup', rollupTable),
  section('data-plane', dataPlaneTables),
]

/** Benches that were never run in full here have no result, and their sections stay as they are. */
async function writeTables(): Promise<void> {
  for (const { bench, document, write } of sections.filter(({ bench: name }) =>
    existsSync(resultPath(name)),
  )) {
    const result: unknown = JSON.parse(await readFile(resultPath(bench), 'utf8'))
    await replaceSection(join(projectRoot, document), bench, write(result))
  }
}

const names = await benches()
if (isSmoke) {
  // At once: nobody asks for their times, and each waits for servers and clients to start most of its own.
  const runs = await Promise.allSettled(names.map(run))
  const failed = runs.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
} else {
  for (const name of names) await run(name)
  await writeTables()
}

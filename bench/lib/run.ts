import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { projectRoot } from '../../test/support/project-root.ts'
import type { Machine } from './results.ts'

/** Whether only to show that the bench runs. */
export const isSmoke = process.argv.includes('--smoke')

/** Where the figures were taken. */
export function machine(): Machine {
  return { cores: availableParallelism(), memoryBytes: totalmem(), node: process.version }
}

/** Runs `work` with a folder that goes with it. */
export async function inTemporaryFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sterna-bench-'))
  try {
    await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Path of the figures of a bench. */
export function resultPath(name: string): string {
  return join(projectRoot, 'bench/results', `${name}.json`)
}

/** Keeps the figures of a full run; lists of plain values stay on one line. */
export async function saveResult(name: string, result: object): Promise<void> {
  const text = JSON.stringify(result, null, 2).replace(/\[[^[\]{}]*\]/g, (list) =>
    list.replace(/\s*\n\s*/g, ' '),
  )
  await writeFile(resultPath(name), `${text}\n`)
  console.log(`wrote bench/results/${name}.json`)
}

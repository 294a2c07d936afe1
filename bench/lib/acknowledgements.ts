import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { projectRoot } from '../../test/support/project-root.ts'
import type { Acknowledgements } from './results.ts'

/** Rows per second that all writers together offer; 0: each waits for its answer before it sends again. */
const RATES = [0, 300_000, 1_000_000, 2_000_000]

export interface WriterRuns {
  /** Of the server. */
  readonly port: number
  readonly folder: string
  readonly rounds: number
  /** Of each writer. */
  readonly batches: number
}

/**
 * How long eight writers in Go wait for the acknowledgements of 1,000-row batches, round by round beside a server in Go
 * that does nothing but write, sync and answer, and a loop that writes and syncs: bench/peers/arrow-go/append.
 */
export async function timeAcknowledgements(runs: WriterRuns): Promise<Acknowledgements> {
  const { port, folder, rounds, batches } = runs
  const program = await built()
  const reference = spawn(program, ['serve', folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const isEnded = once(reference, 'exit')
  try {
    const [referencePort] = (await once(createInterface(reference.stdout), 'line')) as [string]
    const addresses = [referencePort, port].map((each) => `127.0.0.1:${each}`)
    const args = ['run', folder, rounds, batches, ...addresses, ...RATES].map(String)
    const { stdout } = await promisify(execFile)(program, args, { timeout: 1_800_000 })
    return JSON.parse(stdout) as Acknowledgements
  } finally {
    reference.kill()
    await isEnded
  }
}

async function built(): Promise<string> {
  const program = join(projectRoot, 'bench/.peers/arrow-go-append')
  const cwd = join(projectRoot, 'bench/peers/arrow-go')
  await promisify(execFile)('go', ['build', '-o', program, './append'], { cwd, timeout: 600_000 })
  return program
}

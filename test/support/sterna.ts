/** Runs commands of `bin/sterna` as processes, as a user does. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { projectRoot } from './project-root.ts'

export interface CommandResult {
  /** Exit code, or the signal that ended it. */
  readonly code: number | NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface CommandOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** The program, from anywhere. */
export const sternaPath = path.join(projectRoot, 'bin/sterna')

/** Runs one command to its end. */
export async function sterna(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const child = spawn(sternaPath, args, {
    cwd: options.cwd ?? projectRoot,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
  ])
  return { code: code ?? signal, stdout, stderr }
}

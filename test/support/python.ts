import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { projectRoot } from './project-root.ts'

const venv = path.join(projectRoot, '.venv')
const requirements = path.join(projectRoot, 'test/support/requirements.txt')
const interpreter = path.join(venv, 'bin/python')

/** What may be on a PATH; the first that runs and is new enough for the pinned packages is taken. */
const candidates = ['python3', 'python3.13', 'python3.12', 'python3.11']
const suitable = 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))'

const stderrCharsMax = 8_000
const outputBytesMax = 256 * 1024 * 1024

export interface PythonOptions {
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>
  /** The program is killed after this long; default 120,000. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

export interface PythonResult {
  readonly stdout: string
  /** The last line of standard output, parsed; undefined where it is not JSON. */
  readonly json: unknown
}

let made: Promise<string> | undefined

/**
 * The Python interpreter of `.venv`, which is made on first use and again when the requirements change.
 *
 * @returns the interpreter's absolute path.
 */
export function python(): Promise<string> {
  made ??= makeVenv()
  return made
}

/**
 * Runs a Python program with the packages of test/support/requirements.txt.
 *
 * @param file - path from the project root, or absolute.
 * @returns what it printed; rejects with its standard error when it exits with anything but 0.
 */
export async function runPython(
  file: string,
  args: readonly string[] = [],
  options: PythonOptions = {},
): Promise<PythonResult> {
  const stdout = await run(await python(), [path.resolve(projectRoot, file), ...args], {
    timeoutMs: 120_000,
    ...options,
  })
  return { stdout, json: parseLastLine(stdout) }
}

async function makeVenv(): Promise<string> {
  const stamp = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
  if ((await readStamp()) !== stamp) {
    const maker = path.join(projectRoot, 'test/support/make_venv.py')
    await run(await findPython(), [maker, venv, requirements, stamp], { timeoutMs: 900_000 })
  }
  return interpreter
}

async function readStamp(): Promise<string | undefined> {
  try {
    return await readFile(path.join(venv, 'stamp'), 'utf8')
  } catch {
    return undefined
  }
}

async function findPython(): Promise<string> {
  const failures: string[] = []
  for (const candidate of candidates) {
    try {
      await run(candidate, ['-c', suitable], { timeoutMs: 30_000 })
      return candidate
    } catch (error) {
      failures.push(String(error))
    }
  }
  throw new Error(`The tests need Python 3.11 or newer with venv and ensurepip:\n${failures.join('\n')}`)
}

function run(program: string, args: readonly string[], options: PythonOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      program,
      args,
      {
        cwd: projectRoot,
        // Without bytecode files the source tree stays as it was.
        env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...options.env },
        maxBuffer: outputBytesMax,
        timeout: options.timeoutMs ?? 0,
        killSignal: 'SIGKILL',
        ...(options.signal && { signal: options.signal }),
      },
      (error, stdout, stderr) => {
        if (error === null) {
          resolve(stdout)
          return
        }
        const end =
          error.killed === true ? 'was killed' : `ended with ${error.signal ?? error.code ?? 'an error'}`
        reject(
          new Error(`${program} ${args.join(' ')} ${end}\n${stderr.slice(-stderrCharsMax)}`, {
            cause: error,
          }),
        )
      },
    )
  })
}

function parseLastLine(stdout: string): unknown {
  try {
    return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
  } catch {
    return undefined
  }
}

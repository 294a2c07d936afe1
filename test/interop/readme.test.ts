// Goal: what README.md tells a newcomer to type works, as it stands there.
// Method: take its code blocks out of the text and run them in a folder that looks like a clone, against the server
// that `npm start` gives; only the port and the data directory are others, by the environment.
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { projectRoot } from '../support/project-root.ts'
import { runPython } from '../support/python.ts'
import { temporaryDirectory } from '../support/start-server.ts'

const execute = promisify(execFile)
const readme = readFileSync(join(projectRoot, 'README.md'), 'utf8')

/** What a clone has and a server or a command would write into is left out. */
const NOT_LINKED = new Set(['data', '.git'])

let clone: string
let dataDir: string
let server: ChildProcess
let url: string

before(async () => {
  clone = await temporaryDirectory()
  dataDir = join(clone, 'data')
  for (const name of readdirSync(projectRoot).filter((entry) => !NOT_LINKED.has(entry))) {
    symlinkSync(join(projectRoot, name), join(clone, name))
  }
  const [install, start] = block('sh', 'npm start').split('#')[0]?.trim().split(' && ') ?? []
  assert.equal(install, 'npm ci')
  const [program = '', ...args] = start?.split(' ') ?? []
  // Where the sources are: it builds before it starts, which is nothing to do here.
  server = background(program, args, projectRoot, { STERNA_PORT: '0', STERNA_DATA_DIR: dataDir })
  url = await printed(server, /^listening on (grpc:\/\/\S+)$/m)
})

after(async () => {
  await end(server)
  await rm(clone, { recursive: true })
})

test('the Python of the first five minutes runs, and its data is where README says', async () => {
  const program = join(clone, 'five_minutes.py')
  writeFileSync(program, block('python', 'fl.connect').replace('grpc://127.0.0.1:8815', url))
  await runPython(program)
  assert.deepEqual(await readdir(join(dataDir, 'cold')), ['BTC_PERP_202201.parquet'])
})

test('the Python of Flight SQL runs', async () => {
  const program = join(clone, 'flight_sql.py')
  const text = block('python', 'adbc_driver_flightsql').replace('grpc://127.0.0.1:8815', url)
  writeFileSync(program, text)
  assert.match((await runPython(program)).stdout, /max\(high\)|max\("?high"?\)/)
})

test('the shell commands run', async () => {
  const { stdout } = await execute('sh', ['-ec', block('sh', 'bin/sterna put')], {
    cwd: clone,
    env: { ...process.env, STERNA_SERVER: url },
  })
  assert.match(stdout, /spread/)
  assert.match(stdout, /GBPUSD_201202/)
  assert.ok((await stat(join(clone, 'gbpusd.parquet'))).size > 1_000)
})

test('a server in a Node process starts as README shows', async () => {
  const program = block('ts', 'createServer').replace('./data', join(clone, 'embedded'))
  const child = background(process.execPath, ['--input-type=module', '-e', program], clone)
  try {
    assert.match(await printed(child, /(\S+)/), /^grpc:\/\/127\.0\.0\.1:\d+$/)
  } finally {
    await end(child)
  }
})

/** The code block of a language in which `word` stands. */
function block(language: string, word: string): string {
  const blocks = [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
  const found = blocks.find(([, name, text]) => name === language && text?.includes(word))
  assert.ok(found?.[2], `README.md has no ${language} block with ${word}`)
  return found[2]
}

/** Starts a program as the head of a process group of its own. */
function background(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  return spawn(program, args, {
    cwd,
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** The first group of `pattern` in what a program prints. @throws Error when it ends before */
async function printed(child: ChildProcess, pattern: RegExp): Promise<string> {
  let output = ''
  const stdout = child.stdout?.setEncoding('utf8').iterator({ destroyOnReturn: false })
  for await (const text of stdout ?? []) {
    output += text as string
    const match = pattern.exec(output)?.[1]
    if (match !== undefined) {
      child.stdout?.resume()
      return match
    }
  }
  throw new Error(`The program ended without what was expected:\n${output}`)
}

/** Ends a program and the processes it began. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null) return
  const exited = once(child, 'exit')
  process.kill(-child.pid, 'SIGTERM')
  await exited
}

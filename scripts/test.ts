// Runs the built tests: node dist/scripts/test.js [WORD…]
// Each word keeps the test files whose path contains it; no word keeps all. `npm test -- WORD` builds first.
import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'

const root = path.join(import.meta.dirname, '../..')

/** The runner gives up on a file after this, in each round: the first one may have to make the Python environment. */
const timeoutMs = 15 * 60_000 * Number(process.env['STERNA_TEST_ROUNDS'] ?? 1)

/** Compiled files of the tests that still have a source: `dist` may hold the output of a deleted one. */
function findTests(words: readonly string[]): string[] {
  return readdirSync(path.join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => path.join('test', file))
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
    .sort()
    .map((file) => path.join('dist', file.replace(/\.ts$/, '.js')))
}

const files = findTests(process.argv.slice(2))
const missing = files.filter((file) => !existsSync(path.join(root, file)))
if (files.length === 0) {
  console.error('No test file matches')
  process.exitCode = 1
} else if (missing.length > 0) {
  console.error(`Not built, run \`npm run build\` first: ${missing.join(', ')}`)
  process.exitCode = 1
} else {
  // One file more than there are cores: much of their time is spent waiting for servers and Python programs.
  const concurrency = availableParallelism() + 1
  const runner = spawn(
    process.execPath,
    [
      '--enable-source-maps',
      '--test',
      '--test-reporter=spec',
      `--test-concurrency=${concurrency}`,
      `--test-timeout=${timeoutMs}`,
      ...files,
    ],
    // DuckDB queries and file reads share libuv's pool, whose four threads would make them wait for each other.
    { cwd: root, stdio: 'inherit', env: { ...process.env, UV_THREADPOOL_SIZE: '16' } },
  )
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => runner.kill(signal))
  runner.on('close', (code) => {
    process.exitCode = code ?? 1
  })
}

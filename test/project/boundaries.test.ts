// Goal: the layers are enforced: an import that DESIGN forbids fails `npm run boundaries`, one it allows passes.
// Method: a small project of one-line files in a temporary folder, checked with the real rules.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { projectRoot } from '../support/project-root.ts'

const folders: string[] = []
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))))

/** Each entry is `from -> to`: a file that imports another file or a package. */
async function violations(imports: readonly string[]): Promise<string[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sterna-boundaries-'))
  folders.push(folder)
  for (const file of ['.dependency-cruiser.cjs', 'tsconfig.json', 'package.json']) {
    await copyFile(path.join(projectRoot, file), path.join(folder, file))
  }
  await symlink(path.join(projectRoot, 'node_modules'), path.join(folder, 'node_modules'))
  const texts = new Map<string, string>()
  for (const [from = '', to = ''] of imports.map((line) => line.split(' -> '))) {
    const specifier = to.endsWith('.ts') ? relative(from, to) : to
    texts.set(from, `${texts.get(from) ?? ''}import '${specifier}'\n`)
    if (to.endsWith('.ts') && !texts.has(to)) texts.set(to, '')
  }
  for (const [file, text] of texts) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true })
    await writeFile(path.join(folder, file), text)
  }
  const tops = [...new Set([...texts.keys()].map((file) => file.split('/')[0] ?? ''))]
  return cruise(folder, tops)
}

function relative(from: string, to: string): string {
  const specifier = path.posix.relative(path.posix.dirname(from), to)
  return specifier.startsWith('.') ? specifier : `./${specifier}`
}

function cruise(folder: string, tops: readonly string[]): Promise<string[]> {
  const program = path.join(projectRoot, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs')
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [program, '--output-type', 'json', ...tops],
      { cwd: folder, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout) => {
        if (stdout === '') {
          reject(error ?? new Error('dependency-cruiser printed nothing'))
          return
        }
        const { summary } = JSON.parse(stdout) as {
          summary: { violations: { from: string; to: string; rule: { name: string } }[] }
        }
        resolve(summary.violations.map(({ from, to, rule }) => `${rule.name}: ${from} -> ${to}`).sort())
      },
    )
  })
}

test('imports along the layers pass', async () => {
  const imports = [
    'src/cli/main.ts -> src/index.ts',
    'src/cli/main.ts -> commander',
    'src/index.ts -> src/server/server.ts',
    'src/index.ts -> src/store/store.ts',
    'src/server/server.ts -> @grpc/grpc-js',
    'src/server/handlers/do-get.ts -> src/store/store.ts',
    'src/server/handlers/do-get.ts -> src/query/engine.ts',
    'src/store/store.ts -> flight/frame.ts',
    'src/store/cache/cache.ts -> lru-cache',
    'src/query/engine.ts -> src/store/parts.ts',
    'src/query/duckdb.ts -> @duckdb/node-api',
    'src/client/client.ts -> flight/frame.ts',
    'src/errors.ts -> flight/status.ts',
    'flight/ipc/schema.ts -> flatbuffers',
    'test/unit/store.test.ts -> src/store/store.ts',
    'test/unit/store.test.ts -> apache-arrow',
  ]
  assert.deepEqual(await violations(imports), [])
})

test('imports against the layers are refused, each by its rule', async () => {
  const refused: Record<string, string> = {
    'flight/frame.ts -> src/errors.ts': 'layer-flight',
    'flight/ticket.ts -> fs': 'flight-is-pure',
    'src/limits.ts -> src/config/config.ts': 'layer-limits',
    'src/store/store.ts -> src/query/engine.ts': 'layer-store',
    'src/query/engine.ts -> src/store/pins.ts': 'layer-query',
    'src/query/results.ts -> src/server/call.ts': 'layer-query',
    'src/server/server.ts -> src/cli/serve.ts': 'layer-server',
    'src/client/client.ts -> src/server/transport.ts': 'layer-client',
    'src/index.ts -> test/support/python.ts': 'layer-index',
    'src/novel/novel.ts -> src/limits.ts': 'layer-unknown',
    'src/server/handlers/do-put.ts -> path': 'handlers-hold-no-path',
    'src/server/actions/query.ts -> src/query/duckdb.ts': 'handlers-hold-no-sql-and-no-parquet',
    'src/store/disk/disk.ts -> parquet-wasm': 'adapter-parquet-wasm',
    'src/query/to-arrow.ts -> @duckdb/node-api': 'adapter-@duckdb/',
    'src/query/gate.ts -> lru-cache': 'adapter-lru-cache',
    'src/store/catalog/commit.ts -> libsql': 'adapter-libsql',
    'src/store/segments.ts -> @grpc/grpc-js': 'adapter-@grpc/grpc-js',
    'src/server/status.ts -> pino': 'adapter-pino',
    'src/store/catalog/rows.ts -> zod': 'adapter-zod',
    'src/server/call.ts -> smol-toml': 'adapter-smol-toml',
    'src/config/settings.ts -> commander': 'adapter-commander',
    'src/config/bytes.ts -> cli-progress': 'adapter-cli-progress',
    'src/store/put.ts -> flatbuffers': 'adapter-flatbuffers',
    'src/query/pins.ts -> protobufjs': 'adapter-protobufjs',
    'src/query/arrow.ts -> apache-arrow': 'adapter-apache-arrow',
    'src/telemetry/log.ts -> typescript': 'no-dev-package-at-run-time',
  }
  const found = await violations(Object.keys(refused))
  for (const [line, rule] of Object.entries(refused)) {
    const [from = ''] = line.split(' -> ')
    assert.ok(
      found.some((violation) => violation.startsWith(`${rule}: ${from} -> `)),
      `${rule} did not refuse ${line}; found ${found.join(', ')}`,
    )
  }
  assert.deepEqual(found.length, Object.keys(refused).length, found.join('\n'))
})

test('a cycle is refused', async () => {
  const found = await violations(['src/store/a.ts -> src/store/b.ts', 'src/store/b.ts -> src/store/a.ts'])
  assert.ok(found.some((violation) => violation.startsWith('no-circular')))
})

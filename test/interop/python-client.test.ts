// Goal: the Python client does what its README says, alone, against a server, and with a server of its own.
// Method: run its test programs, which use the standard library's unittest, on the source as it lies in python/.
import assert from 'node:assert/strict'
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { projectRoot } from '../support/project-root.ts'
import { runPython } from '../support/python.ts'
import { withServer } from '../support/start-server.ts'

const env = {
  PYTHONPATH: path.join(projectRoot, 'python/src'),
  STERNA_BIN: path.join(projectRoot, 'bin/sterna'),
}

let folder: string
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sterna-python-client-'))
})
after(() => rm(folder, { recursive: true }))

test('data frames become Arrow and come back, and failures become exceptions', async () => {
  await runPython('python/tests/test_frames.py', [], { env })
})

test('every method works against a server', async () => {
  await withServer(({ url }) =>
    runPython('python/tests/test_remote.py', [], { env: { ...env, STERNA_URL: url } }),
  )
})

test('a server of its own starts, keeps its data and ends', async () => {
  await runPython('python/tests/test_local.py', [], { env })
})

test('the package builds into a wheel that holds its modules and its types', async () => {
  // Building writes beside the source, so it works on a copy.
  const source = path.join(folder, 'python')
  await cp(path.join(projectRoot, 'python'), source, { recursive: true })
  const { json } = await runPython('test/interop/build_wheel.py', [source, path.join(folder, 'wheel')])
  const modules = (await readdir(path.join(projectRoot, 'python/src/sterna'))).filter((name) =>
    /\.(py|typed)$/.test(name),
  )
  assert.deepEqual(json, {
    wheel: 'sterna-0.1.0-py3-none-any.whl',
    files: modules.map((name) => `sterna/${name}`).sort(),
  })
})

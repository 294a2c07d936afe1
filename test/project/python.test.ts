// Goal: the Python environment of the tests holds what requirements.txt names, and a failing program says why.
// Method: run tiny programs through the same helper as every other test.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { projectRoot } from '../support/project-root.ts'
import { python, runPython } from '../support/python.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'sterna-python-'))
})
after(() => rm(folder, { recursive: true }))

async function program(text: string): Promise<string> {
  const file = path.join(folder, 'program.py')
  await writeFile(file, text)
  return file
}

test('every pinned package is installed at its version', async () => {
  const lines = (await readFile(path.join(projectRoot, 'test/support/requirements.txt'), 'utf8')).split('\n')
  const pinned: Record<string, string> = {}
  for (const line of lines) {
    const [name = '', version] = line.split('==')
    if (version !== undefined) pinned[name] = version
  }
  const file = await program(`
import importlib.metadata, json, sys
print(json.dumps({name: importlib.metadata.version(name) for name in sys.argv[1:]}))
`)
  assert.deepEqual((await runPython(file, Object.keys(pinned))).json, pinned)
})

test('callers at the same time get the same interpreter', async () => {
  const [first, second] = await Promise.all([python(), python()])
  assert.equal(first, second)
})

test('a program that fails rejects with what it wrote to standard error', async () => {
  const file = await program('raise KeyError("no such thing")')
  await assert.rejects(runPython(file), /KeyError: 'no such thing'/)
})

test('a program gets its environment, and output that is not JSON is given as text alone', async () => {
  const file = await program('import os; print("one"); print(os.environ["WORD"])')
  assert.deepEqual(await runPython(file, [], { env: { WORD: 'two' } }), {
    stdout: 'one\ntwo\n',
    json: undefined,
  })
})

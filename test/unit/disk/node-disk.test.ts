// Goal: the local disk does what the interface says: whole writes, refusals by errno, silence on what is gone.
// Method: real files in a temporary folder.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { NodeDisk } from '../../../src/store/disk/node-disk.ts'

const disk = new NodeDisk()

test('chunks are written one after the other, however many', async (t) => {
  const path = join(await folder(t), 'file')
  const file = await disk.open(path, 'create')
  const chunks = Array.from({ length: 3000 }, (_, i) => Buffer.from(i % 3 === 0 ? '' : `${i},`))
  await file.write(chunks)
  await file.write([Buffer.from('end')])
  await file.sync()
  assert.equal(await file.size(), Buffer.concat(chunks).byteLength + 3)
  await file.close()
  assert.equal(await readFile(path, 'utf8'), `${chunks.join('')}end`)
})

test('a write with a position goes there, a read fills what there is', async (t) => {
  const path = join(await folder(t), 'file')
  await writeFile(path, '0123456789')
  const file = await disk.open(path, 'update')
  t.after(() => file.close())
  await file.write([Buffer.from('ab'), Buffer.from('cd')], 3)
  const target = Buffer.alloc(20)
  assert.equal(await file.read(target, 1), 9)
  assert.equal(target.toString('latin1', 0, 9), '12abcd789')
  await file.truncate(4)
  assert.equal(await file.size(), 4)
})

test('appending goes on where the file ended', async (t) => {
  const path = join(await folder(t), 'file')
  for (const text of ['one ', 'two']) {
    const file = await disk.open(path, 'append')
    await file.write([Buffer.from(text)])
    await file.close()
  }
  assert.equal(await readFile(path, 'utf8'), 'one two')
})

test('opening modes refuse what they should, by errno', async (t) => {
  const path = join(await folder(t), 'file')
  await assert.rejects(disk.open(path, 'read'), { code: 'ENOENT' })
  await assert.rejects(disk.open(path, 'update'), { code: 'ENOENT' })
  await writeFile(path, '')
  await assert.rejects(disk.open(path, 'create'), { code: 'EEXIST' })
})

test('renameNew never replaces, rename does', async (t) => {
  const root = await folder(t)
  const [from, to] = [join(root, 'from'), join(root, 'to')]
  await writeFile(from, 'new')
  await writeFile(to, 'old')
  await assert.rejects(disk.renameNew(from, to), { code: 'EEXIST' })
  assert.deepEqual([await readFile(from, 'utf8'), await readFile(to, 'utf8')], ['new', 'old'])
  await disk.rename(from, to)
  await disk.renameNew(to, from)
  assert.deepEqual(
    (await disk.readdir(root)).map(({ name }) => name),
    ['from'],
  )
  assert.equal(await readFile(from, 'utf8'), 'new')
})

test('what is gone is no error to remove, and undefined to ask for', async (t) => {
  const root = await folder(t)
  await disk.unlink(join(root, 'gone'))
  await disk.removeTree(join(root, 'gone'))
  assert.equal(await disk.stat(join(root, 'gone')), undefined)
  await writeFile(join(root, 'file'), 'text')
  assert.equal(await disk.stat(join(root, 'file', 'below')), undefined)
  assert.equal((await disk.stat(join(root, 'file')))?.bytes, 4)
})

test('folders are made with those above them, listed, synced and removed', async (t) => {
  const root = await folder(t)
  await disk.mkdir(join(root, 'a', 'b'))
  await disk.mkdir(join(root, 'a', 'b'))
  await writeFile(join(root, 'a', 'file'), '')
  await disk.syncDirectory(join(root, 'a'))
  const entries = await disk.readdir(join(root, 'a'))
  assert.deepEqual(
    entries.toSorted((x, y) => x.name.localeCompare(y.name)),
    [
      { name: 'b', isDirectory: true },
      { name: 'file', isDirectory: false },
    ],
  )
  await disk.removeTree(join(root, 'a'))
  assert.deepEqual(await disk.readdir(root), [])
})

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'sterna-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return path
}

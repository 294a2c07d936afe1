/**
 * Goal: a backup that is taken while others write is the lake of one moment, with everything that was acknowledged
 * before; what is not as it was written, or not complete, is not restored.
 * Method: the real command line beside a real server with writers; the server is killed, and its backup read by another.
 */
import assert from 'node:assert/strict'
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { assertStored, BATCH_ROWS, NumberWriter, readNumbers } from '../support/append-load.ts'
import { restore } from '../../src/store/restore.ts'
import { FaultyDisk } from '../support/faulty-disk.ts'
import { RawClient } from '../support/raw-client.ts'
import { partsOf, runAction, ticketMessage } from '../support/raw-flight.ts'
import { startServer, temporaryDirectory } from '../support/start-server.ts'
import { sterna } from '../support/sterna.ts'

const ENV = {
  STERNA_APPEND_FLUSH_ROWS: '1',
  STERNA_APPEND_FLUSH_SIZE: '64KiB',
  STERNA_APPEND_FLUSH_MS: '200',
  STERNA_HISTORY: '1d',
}

test('a backup beside writers is whole, and what is restored of it goes on', async () => {
  const folder = await temporaryDirectory()
  const [dataDir, backup, restored] = ['data', 'backup', 'restored'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  try {
    const server = await startServer({ dataDir, env: ENV })
    const client = new RawClient(server.url)
    const quiet = new NumberWriter('quiet', 0)
    await quiet.run(server.url, () => quiet.next >= 30)
    const { version } = (await runAction(client, 'flush', 'quiet')) as { version: number }
    await quiet.run(server.url, () => quiet.next >= 40)
    const writers = [new NumberWriter('ticks', 0), new NumberWriter('ticks', 1)]
    let isOver = false
    const runs = writers.map((writer) => writer.run(server.url, () => isOver))
    while (writers.some((writer) => writer.next - writer.first < 200)) await new Promise(setImmediate)
    const before = writers.map((writer) => writer.next)
    const taken = await sterna(['backup', backup, '--server', server.url])
    assert.equal(taken.code, 0, taken.stderr)
    const { in_flight: flight } = (await runAction(client, 'stats')) as { in_flight: { pins: number } }
    assert.equal(flight.pins, 0)
    const again = await sterna(['backup', backup, '--server', server.url])
    assert.match(again.stderr, /is not empty \[USAGE\]/)
    isOver = true
    await Promise.all(runs)
    const quietRows = await readNumbers(client, 'quiet')
    client.close()
    await server.kill()

    const made = await sterna(['restore', backup, '--data-dir', restored])
    assert.equal(made.code, 0, made.stderr)
    const second = await startServer({ dataDir: restored, env: ENV })
    const reader = new RawClient(second.url)
    const numbers = await readNumbers(reader, 'ticks')
    for (const [index, writer] of writers.entries()) {
      // Nothing that was acknowledged before it began is missing, and nothing that came after all.
      const mine = numbers.filter((number) => number >= writer.first && number < writer.first + 1_000_000)
      const batches = mine.length / BATCH_ROWS
      assert.ok(batches >= (before[index] ?? 0) - writer.first && batches <= writer.next - writer.first)
      writer.next = writer.first + batches
    }
    assertStored(numbers, writers)
    assert.deepEqual(await readNumbers(reader, 'quiet'), quietRows)
    assertStored(quietRows, [quiet])
    const past = JSON.stringify({ key: 'quiet', version })
    const answer = await reader.exchange('DoGet', [ticketMessage(past)])
    assert.equal(answer.code, 0, answer.details)
    const { problems } = (await runAction(reader, 'check')) as { problems: readonly unknown[] }
    assert.deepEqual(problems, [])
    await writers[0]?.run(second.url, () => (writers[0]?.next ?? 0) > 300)
    assertStored(await readNumbers(reader, 'ticks'), writers)
    reader.close()
    assert.equal(await second.stop(), 0)
    assert.ok((await partsOf(restored)).length > 0)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

/** Backs up a lake with one dataset. @param actions - on it, before that. @returns who has written it */
async function makeBackup(
  folder: string,
  backup: string,
  actions: readonly string[] = [],
): Promise<NumberWriter> {
  const server = await startServer({ dataDir: join(folder, 'data') })
  const writer = new NumberWriter('ticks', 0)
  await writer.run(server.url, () => writer.next >= 10)
  const client = new RawClient(server.url)
  for (const action of actions) await runAction(client, action, 'ticks')
  client.close()
  assert.equal((await sterna(['backup', backup, '--server', server.url])).code, 0)
  await server.stop()
  return writer
}

test('a backup that is damaged, cut off or told other names is refused, and so is a full directory', async () => {
  const folder = await temporaryDirectory()
  const backup = join(folder, 'backup')
  try {
    await makeBackup(folder, backup, ['flush'])
    const manifest = await readFile(join(backup, 'manifest.json'), 'utf8')
    const damages: readonly (readonly [RegExp, (copy: string) => Promise<void>])[] = [
      [/has no manifest\.json/, (copy) => rm(join(copy, 'manifest.json'))],
      [/is no JSON/, (copy) => writeFile(join(copy, 'manifest.json'), manifest.slice(0, -9))],
      [/format is not 1/, (copy) => writeFile(join(copy, 'manifest.json'), '{"format": 2, "files": []}')],
      [
        /none of a lake/,
        (copy) => writeFile(join(copy, 'manifest.json'), manifest.replace('cold/ticks', 'cold/../../ticks')),
      ],
      [/ticks\.parquet has not the/, (copy) => rm(join(copy, 'cold', 'ticks.parquet'))],
      [
        /ticks\.parquet is not as it was written/,
        async (copy) => {
          const path = join(copy, 'cold', 'ticks.parquet')
          const bytes = await readFile(path)
          bytes.writeUInt8(bytes.readUInt8(100) ^ 1, 100)
          await writeFile(path, bytes)
        },
      ],
    ]
    for (const [index, [message, damage]] of damages.entries()) {
      const copy = join(folder, `copy${index}`)
      const target = join(folder, `restored${index}`)
      await cp(backup, copy, { recursive: true })
      await damage(copy)
      const { code, stderr } = await sterna(['restore', copy, '--data-dir', target])
      assert.equal(code, 1)
      assert.match(stderr, message)
      assert.match(stderr, /\[DATA_CORRUPT\]/)
      // Nothing that a server would take for a lake.
      const left = await readdir(target).catch((): string[] => [])
      assert.equal(left.includes('catalog.sqlite'), false)
    }
    const full = join(folder, 'full')
    await mkdir(full)
    await writeFile(join(full, 'mine'), '')
    const { stderr } = await sterna(['restore', backup, '--data-dir', full])
    assert.match(stderr, /is not empty \[CONFIG_INVALID\]/)
    assert.deepEqual(await readdir(full), ['mine'])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('a restore that the disk cuts off anywhere leaves no lake, and can be made again', async () => {
  const folder = await temporaryDirectory()
  const backup = join(folder, 'backup')
  try {
    const writer = await makeBackup(folder, backup)
    const { files } = JSON.parse(await readFile(join(backup, 'manifest.json'), 'utf8')) as {
      files: readonly { readonly bytes: number }[]
    }
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
    const target = join(folder, 'restored')
    for (const room of [0, 1, Math.floor(bytes / 2), bytes - 1]) {
      const disk = new FaultyDisk()
      disk.room = room
      await assert.rejects(restore(backup, target, disk), /ENOSPC/)
      assert.equal((await readdir(target)).includes('catalog.sqlite'), false)
      await rm(target, { recursive: true })
    }
    const disk = new FaultyDisk()
    disk.syncError = 'EIO'
    await assert.rejects(restore(backup, target, disk), /EIO/)
    assert.equal((await readdir(target)).includes('catalog.sqlite'), false)
    await rm(target, { recursive: true })
    assert.equal((await restore(backup, target)).bytes, bytes)
    const second = await startServer({ dataDir: target })
    const reader = new RawClient(second.url)
    assertStored(await readNumbers(reader, 'ticks'), [writer])
    reader.close()
    await second.stop()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

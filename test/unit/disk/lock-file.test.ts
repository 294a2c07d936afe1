// Goal: one server at a time has a data directory; a dead one never keeps it, a living one always does.
// Method: locks of this process, of child processes that are killed, and lock files written by hand for what a test
// cannot make: a pid in use again, another boot, another container.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { SternaError } from '../../../src/errors.ts'
import { LockFile } from '../../../src/store/disk/lock-file.ts'
import { livenessOf, ownIdentity, type ProcessIdentity } from '../../../src/store/disk/process-identity.ts'

/** How long a test watches a lock that nobody touches. */
const WATCH = { watchMs: 50 }

test('a lock is held until it is released', async (t) => {
  const path = await folder(t)
  const lock = await LockFile.acquire(path)
  await assert.rejects(LockFile.acquire(path), {
    code: 'DATA_DIR_LOCKED',
    message: `The data directory is in use by process ${process.pid}: stop that server first, or give this one another directory`,
  })
  await lock.release()
  await lock.release()
  assert.deepEqual(await readdir(path), [])
  await (await LockFile.acquire(path)).release()
})

test('of many that start at once one gets the lock, and nothing is left beside it', async (t) => {
  const path = await folder(t)
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => LockFile.acquire(path)))
  const locks = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  const errors = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
  )
  assert.equal(locks.length, 1)
  assert.ok(errors.every((error) => error instanceof SternaError && error.code === 'DATA_DIR_LOCKED'))
  assert.deepEqual(await readdir(path), ['LOCK'])
  await locks[0]?.release()
})

test('of many that find a dead lock one takes it over', async (t) => {
  for (let round = 0; round < 20; round++) await takeOverAtOnce(await folder(t))
})

async function takeOverAtOnce(path: string): Promise<void> {
  await writeLock(path, { ...(await ownIdentity()), startTicks: '1' })
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => LockFile.acquire(path)))
  const locks = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  assert.equal(locks.length, 1)
  assert.deepEqual(await readdir(path), ['LOCK'])
  await locks[0]?.release()
}

test('a server that died while it took over a lock is taken over itself', async (t) => {
  const path = await folder(t)
  const dead = { ...(await ownIdentity()), startTicks: '1' }
  await writeLock(path, dead)
  // It had made its file, and not renamed it yet.
  const hash = createHash('sha256')
    .update(await readFile(join(path, 'LOCK')))
    .digest('hex')
    .slice(0, 32)
  await writeFile(join(path, `LOCK.${hash}`), JSON.stringify({ ...dead, token: 'successor' }))
  const lock = await LockFile.acquire(path)
  assert.deepEqual(await readdir(path), ['LOCK'])
  await assert.rejects(LockFile.acquire(path), { code: 'DATA_DIR_LOCKED' })
  await lock.release()
})

test('a server that is taking over a lock has it already', async (t) => {
  const path = await folder(t)
  const own = await ownIdentity()
  await writeLock(path, { ...own, startTicks: '1' })
  const hash = createHash('sha256')
    .update(await readFile(join(path, 'LOCK')))
    .digest('hex')
    .slice(0, 32)
  await writeFile(join(path, `LOCK.${hash}`), JSON.stringify({ ...own, token: 'successor' }))
  await assert.rejects(LockFile.acquire(path), { code: 'DATA_DIR_LOCKED' })
})

test('the lock of a process that runs is respected, that of one killed is taken over', async (t) => {
  const path = await folder(t)
  const child = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'])
  t.after(() => child.kill('SIGKILL'))
  const own = await ownIdentity()
  const pid = child.pid ?? 0
  await writeLock(path, { ...own, pid, startTicks: await startTicks(pid) })
  await assert.rejects(LockFile.acquire(path, WATCH), {
    code: 'DATA_DIR_LOCKED',
    message: new RegExp(`process ${pid}:`),
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
  const lock = await LockFile.acquire(path, WATCH)
  await lock.release()
})

test('a pid that another process has by now is no holder', async (t) => {
  const path = await folder(t)
  await writeLock(path, { ...(await ownIdentity()), startTicks: '1' })
  await (await LockFile.acquire(path)).release()
})

test('a holder out of sight keeps its lock while it touches it', async (t) => {
  const path = await folder(t)
  await writeLock(path, { ...(await ownIdentity()), pidNamespace: 'pid:[1]', pid: 1 })
  let beat = Date.now() / 1000
  const heart = setInterval(() => {
    beat += 1
    void utimes(join(path, 'LOCK'), beat, beat)
  }, 5)
  await assert.rejects(LockFile.acquire(path, { watchMs: 300 }), { code: 'DATA_DIR_LOCKED' })
  clearInterval(heart)
})

test('a holder out of sight that does not touch its lock has lost it', async (t) => {
  const own = await ownIdentity()
  for (const other of [{ bootId: 'before' }, { pidNamespace: 'pid:[1]' }]) {
    const path = await folder(t)
    await writeLock(path, { ...own, ...other })
    await (await LockFile.acquire(path, WATCH)).release()
  }
})

test('the message names the host of a holder elsewhere', async (t) => {
  const path = await folder(t)
  await writeLock(path, { ...(await ownIdentity()), bootId: 'other', host: 'tern', pid: 7 })
  let beat = 1
  const heart = setInterval(() => {
    void utimes(join(path, 'LOCK'), beat, beat++)
  }, 5)
  await assert.rejects(LockFile.acquire(path, { watchMs: 300 }), {
    message: /^The data directory is in use by process 7 on host tern: /,
  })
  clearInterval(heart)
})

test('a lock file that says nothing is watched, then taken over', async (t) => {
  for (const text of ['', 'no json', '{"pid": "many"}', 'null']) {
    const path = await folder(t)
    await writeFile(join(path, 'LOCK'), text)
    await (await LockFile.acquire(path, WATCH)).release()
  }
})

test('releasing leaves the lock of another', async (t) => {
  const path = await folder(t)
  const lock = await LockFile.acquire(path)
  const other = { ...(await ownIdentity()), token: 'other' }
  await writeLock(path, other)
  await lock.release()
  assert.equal((JSON.parse(await readFile(join(path, 'LOCK'), 'utf8')) as { token: string }).token, 'other')
})

test('this process is alive to itself, with another start it is dead, in another boot unknown', async () => {
  const own = await ownIdentity()
  assert.equal(await livenessOf(own, own), 'alive')
  assert.equal(await livenessOf({ ...own, startTicks: '1' }, own), 'dead')
  assert.equal(await livenessOf({ ...own, pid: 4_194_304 }, own), 'dead')
  assert.equal(await livenessOf({ ...own, bootId: 'other' }, own), 'unknown')
  assert.equal(await livenessOf({ ...own, startTicks: null }, own), 'unknown')
  const elsewhere = { ...own, bootId: null, host: 'other' }
  assert.equal(await livenessOf(elsewhere, { ...own, bootId: null }), 'unknown')
})

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'sterna-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return path
}

async function writeLock(path: string, identity: ProcessIdentity): Promise<void> {
  await writeFile(join(path, 'LOCK'), JSON.stringify({ token: 'stale', ...identity }))
}

async function startTicks(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

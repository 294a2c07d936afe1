/** Work in the background: one job at a time, none while somebody holds the parts, and others first after a failure. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { openLog } from '../../../src/telemetry/log.ts'
import { type Job, Jobs, type NextJob } from '../../../src/store/lifecycle/jobs.ts'

const OPTIONS = { isOn: true, checkMs: 1, cpuPercent: 100, bytesPerSecond: 1e12 }

function jobs(next: NextJob): Jobs {
  return new Jobs(next, OPTIONS, openLog('silent'))
}

function job(key: string, run: Job['run']): Job {
  return { ref: { schema: 'main', key }, bytes: 1, run }
}

test('no job begins during a hold, not even one that was about to', async () => {
  let begun = 0
  const work = jobs(() => job('a', () => Promise.resolve((begun += 1))))
  const goOn = await work.hold()
  const before = begun
  await delay(20)
  assert.equal(begun, before)
  goOn()
  while (begun === before) await delay(1)
  await work.close()
})

test('a hold stops the job that runs, and the next one begins after its end', async () => {
  const signals: AbortSignal[] = []
  const work = jobs(() =>
    job('a', async (signal) => {
      signals.push(signal)
      await once(signal, 'abort')
      throw new Error('stopped')
    }),
  )
  while (signals.length === 0) await delay(1)
  assert.equal(work.stats().state, 'running')
  const goOn = await work.hold()
  assert.deepEqual([signals.length, signals[0]?.aborted], [1, true])
  goOn()
  while (signals.length === 1) await delay(1)
  await work.close()
  assert.deepEqual([work.stats().done, work.stats().failed], [0, 0])
})

test('after a job the next one waits until both are within the budget', async () => {
  for (const budget of [{ bytesPerSecond: 1 }, { cpuPercent: 1e-4 }]) {
    let begun = 0
    const next = (): Job => ({ ...job('a', () => Promise.resolve((begun += 1))), bytes: 1e6 })
    const work = new Jobs(next, { ...OPTIONS, ...budget }, openLog('silent'))
    while (begun === 0) await delay(1)
    await delay(20)
    await work.close()
    assert.equal(begun, 1)
  }
})

test('after a failure other datasets have their turn', async () => {
  const ran: string[] = []
  const run = (key: string): Job =>
    job(key, () => {
      ran.push(key)
      return key === 'a' ? Promise.reject(new Error('no')) : Promise.resolve(1)
    })
  const work = jobs((isResting) => run(isResting({ schema: 'main', key: 'a' }) ? 'b' : 'a'))
  while (ran.length < 3) await delay(1)
  await work.close()
  assert.deepEqual(ran.slice(0, 3), ['a', 'b', 'b'])
  assert.equal(work.stats().failed, 1)
})

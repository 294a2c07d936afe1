// Goal: the action `stats` tells how late the event loop was, and begins anew with each look.
// Method: block the event loop of this process for a known time.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { EventLoopMonitor } from '../../../src/telemetry/event-loop.ts'

const BLOCKED_MS = 300

test('a blocked event loop shows in the next look, and not in the one after', async () => {
  const monitor = new EventLoopMonitor()
  try {
    await delay(50)
    const end = performance.now() + BLOCKED_MS
    while (performance.now() < end);
    await delay(50)
    const { max_ms: most, p50_ms: middle } = monitor.take()
    assert.ok(most > BLOCKED_MS / 2, `${most}`)
    assert.ok(middle < most)
    assert.deepEqual(monitor.take(), { p50_ms: 0, p99_ms: 0, max_ms: 0 })
  } finally {
    monitor.close()
  }
})

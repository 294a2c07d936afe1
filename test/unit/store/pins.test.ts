/** Files of past snapshots: they stay while a reader pins a snapshot from before they were replaced, and no longer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pins } from '../../../src/store/pins.ts'

function recorded(): { pins: Pins; removed: string[] } {
  const removed: string[] = []
  return { pins: new Pins((paths) => removed.push(...paths)), removed }
}

test('files that nobody reads go at once', () => {
  const { pins, removed } = recorded()
  pins.retire(2, ['a'])
  assert.deepEqual(removed, ['a'])
})

test('a file waits for the last reader of a snapshot that names it', () => {
  const { pins, removed } = recorded()
  const first = pins.pin(1)
  const second = pins.pin(1)
  pins.retire(2, ['a'])
  first()
  assert.deepEqual([removed, pins.waiting()], [[], ['a']])
  second()
  assert.deepEqual([removed, pins.waiting()], [['a'], []])
})

test('a reader of the snapshot that replaced a file does not hold it', () => {
  const { pins, removed } = recorded()
  pins.pin(2)
  pins.retire(2, ['a'])
  assert.deepEqual(removed, ['a'])
})

test('an old reader holds every file that went after its snapshot, a younger one only what went after its own', () => {
  const { pins, removed } = recorded()
  const old = pins.pin(1)
  pins.retire(2, ['a'])
  const young = pins.pin(2)
  pins.retire(3, ['b'])
  old()
  assert.deepEqual(removed, ['a'])
  young()
  assert.deepEqual(removed, ['a', 'b'])
})

test('a release that is called twice counts once', () => {
  const { pins, removed } = recorded()
  const first = pins.pin(1)
  pins.pin(1)
  first()
  first()
  pins.retire(2, ['a'])
  assert.deepEqual(removed, [])
})

// Goal: what clients hold on the server ends: by a call, with its owner, idle, and never grows past its limit.
// Method: handles with small limits, and a clock of milliseconds.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { SternaError } from '../../../src/errors.ts'
import { Handles } from '../../../src/server/sql/handles.ts'

function handles(options: { countMax?: number; idleMs?: number; endsOldest?: boolean } = {}): {
  readonly held: Handles<string>
  readonly ended: string[]
} {
  const ended: string[] = []
  const held = new Handles<string>({
    what: 'thing',
    advice: 'Make another',
    countMax: options.countMax ?? 10,
    idleMs: options.idleMs ?? 60_000,
    endsOldest: options.endsOldest ?? false,
    onEnd: (value) => ended.push(value),
  })
  return { held, ended }
}

function refusal(action: () => unknown): SternaError {
  try {
    action()
  } catch (error) {
    assert.ok(error instanceof SternaError)
    return error
  }
  throw new Error('nothing was thrown')
}

test('a handle gives its value until it is ended, and then says what became of it', () => {
  const { held, ended } = handles()
  const handle = held.add('a', 'owner')
  assert.equal(held.get(handle), 'a')
  held.end(handle)
  assert.deepEqual(ended, ['a'])
  const error = refusal(() => held.get(handle))
  assert.equal(error.code, 'HANDLE_NOT_FOUND')
  assert.match(error.message, /no such thing.*Make another/)
  assert.equal(refusal(() => held.end(handle)).code, 'HANDLE_NOT_FOUND')
  held.close()
})

test('more than the limit are refused with both figures, until one has ended', () => {
  const { held } = handles({ countMax: 2 })
  const first = held.add('a', 'owner')
  held.add('b', 'owner')
  const error = refusal(() => held.add('c', 'owner'))
  assert.equal(error.code, 'SERVER_BUSY')
  assert.match(error.message, /holds 2 things; the limit is 2/)
  held.end(first)
  held.add('c', 'owner')
  held.close()
})

test('where that is asked for, the one that was used least recently makes room instead', () => {
  const { held, ended } = handles({ countMax: 2, endsOldest: true })
  const first = held.add('a', 'owner')
  held.add('b', 'owner')
  assert.equal(held.get(first), 'a')
  held.add('c', 'owner')
  assert.deepEqual(ended, ['b'])
  held.add('d', 'owner')
  assert.deepEqual(ended, ['b', 'a'])
  assert.equal(held.size, 2)
  held.close()
})

test('those of an owner end with it, those of others stay', () => {
  const { held, ended } = handles()
  held.add('a', 'one')
  const other = held.add('b', 'two')
  held.add('c', 'one')
  held.endOwned('one')
  assert.deepEqual(ended, ['a', 'c'])
  assert.equal(held.get(other), 'b')
  held.close()
  assert.deepEqual(ended, ['a', 'c', 'b'])
})

test('one that nobody uses ends by itself', async () => {
  const { held, ended } = handles({ idleMs: 20 })
  const handle = held.add('a', 'owner')
  // Until the sweeper has come: no one asks for it.
  while (held.size > 0) await sleep(5)
  assert.deepEqual(ended, ['a'])
  assert.equal(held.find(handle), undefined)
  held.close()
})

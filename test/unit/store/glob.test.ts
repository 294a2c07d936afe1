/** Key globs against a plain regular expression, on examples and on random texts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { matchesGlob } from '../../../src/store/glob.ts'

function reference(glob: string): RegExp {
  const pattern = glob.replace(
    /[.*+?^${}()|[\]\\]/g,
    (char) => ({ '*': '.*', '?': '.' })[char] ?? `\\${char}`,
  )
  return new RegExp(`^${pattern}$`, 's')
}

test('a star stands for any text, a question mark for one character', () => {
  assert.ok(matchesGlob('trades_*', 'trades_20260203'))
  assert.ok(matchesGlob('*', ''))
  assert.ok(matchesGlob('a?c*', 'abcdef'))
  assert.ok(!matchesGlob('trades_*', 'quotes_20260203'))
  assert.ok(!matchesGlob('a?c', 'ac'))
  assert.ok(!matchesGlob('', 'a'))
})

test('any glob over a small alphabet matches what the regular expression of the same meaning matches', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?'), maxLength: 12 })
  fc.assert(
    fc.property(text, text, (glob, key) => {
      assert.equal(matchesGlob(glob, key), reference(glob).test(key))
    }),
    { numRuns: 2_000 },
  )
})

// Goal: lengths of time are read as people write them. Method: a table of texts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDuration } from '../../../src/config/duration.ts'

const CASES: Readonly<Record<string, number | undefined>> = {
  '0': 0,
  '500ms': 500,
  '90s': 90_000,
  '30 m': 1_800_000,
  '1.5h': 5_400_000,
  ' 7d ': 604_800_000,
  '7': undefined,
  '': undefined,
  '-1d': undefined,
  '7D': undefined,
  '1w': undefined,
  '99999999999999d': undefined,
}

for (const [text, ms] of Object.entries(CASES)) {
  test(`"${text}" is ${ms === undefined ? 'no length of time' : `${ms} ms`}`, () => {
    assert.equal(parseDuration(text), ms)
  })
}

// Goal: the functions that SQL may call are those of the pinned engine less what is denied, and none that reads a
// file, a setting or the catalog.
// Method: make the list again from the engine; look for names of what must not be in it.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { generateGateFunctions } from '../../../scripts/generate-gate-functions.ts'
import { SCALAR_FUNCTIONS, TABLE_FUNCTIONS, VOLATILE_FUNCTIONS } from '../../../src/query/gate/functions.ts'
import { projectRoot } from '../../support/project-root.ts'

test('the list is what its script makes from the engine', async () => {
  const file = path.join(projectRoot, 'src/query/gate/functions.ts')
  assert.equal(readFileSync(file, 'utf8'), await generateGateFunctions())
})

test('no function that is allowed reads files, settings, secrets, the catalog or the environment', () => {
  const touching =
    /^(read_|sniff_|glob$|getenv|current_(setting|query)|duckdb_|pragma_|which_secret|query|json_(de)?serialize|json_execute|write_|enable_|disable_|parquet_(?!scan$)|pg_(?!size_pretty|typeof|timezone_names)|__internal|.*sleep)/
  const names = [...SCALAR_FUNCTIONS, ...TABLE_FUNCTIONS].filter((name) => touching.test(name))
  assert.deepEqual(names, ['read_parquet'])
})

test('functions of the clock and of chance are volatile', () => {
  for (const name of [
    'now',
    'random',
    'uuid',
    'today',
    'age',
    'ago',
    'get_current_timestamp',
    'current_localtime',
  ]) {
    assert.ok(VOLATILE_FUNCTIONS.has(name), name)
  }
  assert.ok(!VOLATILE_FUNCTIONS.has('sum'))
})

test('names are folded as the parser folds them', () => {
  assert.deepEqual(
    [...SCALAR_FUNCTIONS].filter((name) => name !== name.toLowerCase()),
    [],
  )
})

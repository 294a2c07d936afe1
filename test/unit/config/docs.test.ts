// Goal: docs/config.md lists exactly the settings there are. Method: read its tables and compare them, both ways,
// with the schema and with what the defaults really are.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { loadConfig } from '../../../src/config/config.ts'
import { environmentName, SETTING_PATHS } from '../../../src/config/settings.ts'
import { projectRoot } from '../../support/project-root.ts'

const text = readFileSync(path.join(projectRoot, 'docs/config.md'), 'utf8')

/** Cells of the table of settings: name, environment, flag, default, meaning. */
const rows = text
  .split('\n')
  .filter((line) => /^\| `[a-z_.]+` /.test(line))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  )

test('the table of settings lists each setting once, with its variable', () => {
  assert.deepEqual(
    rows.map(([name, variable]) => ({ name, variable })),
    SETTING_PATHS.map((names) => ({ name: names.join('.'), variable: environmentName(names) })),
  )
})

test('the defaults in the table are those of the program', () => {
  const config = loadConfig({ env: {}, flags: {} }) as unknown as Record<string, unknown>
  const env = Object.fromEntries(
    rows.flatMap(([, variable, , byDefault]) =>
      /^(?:[\w./-]+|\[\])$/.test(byDefault ?? '') ? [[variable, byDefault]] : [],
    ),
  ) as Record<string, string>
  assert.deepEqual(loadConfig({ env, flags: {} }), config)
  // The others have none, or one that a variable cannot say: two files of TLS, the users' file, memory and threads.
  assert.equal(Object.keys(env).length, SETTING_PATHS.length - 5)
})

test('the example file is a valid one', () => {
  const [, example = ''] = /```toml\n([\s\S]*?)```/.exec(text) ?? []
  const folder = mkdtempSync(path.join(tmpdir(), 'sterna-config-'))
  try {
    const file = path.join(folder, 'sterna.toml')
    writeFileSync(file, example)
    assert.equal(loadConfig({ file, env: {}, flags: {} }).cacheSize, 8_000_000_000)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

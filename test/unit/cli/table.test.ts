// Goal: a printed table is aligned, bounded in width, and never carries control characters to the terminal.
// Method: whole tables, line by line.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderTable } from '../../../src/cli/table.ts'

test('names and types stand over the cells, numbers at the right', () => {
  const lines = renderTable(
    [
      { name: 'symbol', type: 'utf8' },
      { name: 'price', type: 'float64', alignRight: true },
    ],
    [['BTC', '46319'], null, ['EUR/USD', '1.5']],
  )
  assert.deepEqual(lines, [
    'symbol     price',
    'utf8     float64',
    '───────  ───────',
    'BTC        46319',
    '…              …',
    'EUR/USD      1.5',
  ])
})

test('without types there is one line of names', () => {
  assert.deepEqual(renderTable([{ name: 'a' }], [['1']]), ['a', '─', '1'])
})

test('a long cell is cut', () => {
  const [, , line] = renderTable([{ name: 'text' }], [['x'.repeat(41)]])
  assert.equal(line, `${'x'.repeat(39)}…`)
})

test('columns of the middle give way where the line is too long', () => {
  const columns = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name: name.repeat(4) }))
  const rows = [['1', '2', '3', '4', '5']]
  assert.deepEqual(renderTable(columns, rows, 21), [
    'aaaa  bbbb  …  eeee',
    '────  ────  ─  ────',
    '1     2     …  5',
  ])
  assert.deepEqual(renderTable(columns, rows, 10), ['aaaa  …', '────  ─', '1     …'])
  assert.equal(renderTable(columns, rows, 28)[0], 'aaaa  bbbb  cccc  dddd  eeee')
})

test('control characters are shown as escapes', () => {
  const [, , line] = renderTable([{ name: 'text' }], [['a\nb\tc\u001b[31md\u202e\u0085']])
  assert.equal(line, 'a\\nb\\tc\\u001b[31md\\u202e\\u0085')
})

test('characters that take two columns are counted as two, marks as none', () => {
  const lines = renderTable(
    [{ name: '銘柄' }, { name: 'n' }],
    [
      ['東証', '1'],
      ['e\u0301', '2'],
    ],
  )
  assert.deepEqual(lines, ['銘柄  n', '────  ─', '東証  1', 'e\u0301     2'])
})

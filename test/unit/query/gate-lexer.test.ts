// Goal: SQL texts are cut into tokens where DuckDB cuts them, and texts share a key only if they mean the same.
// Method: texts with the places where mistakes hide: quotes in comments, comments in quotes, operators, numbers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nameOf, normalize, plainSpaces, textOf, tokenize } from '../../../src/query/gate/lexer.ts'

function texts(sql: string): string[] {
  return tokenize(sql).map((token) => textOf(sql, token))
}

function key(sql: string): string {
  return normalize(sql, tokenize(sql))
}

const cuts: readonly (readonly [sql: string, tokens: readonly string[]])[] = [
  [`SELECT a."b""c".d`, ['SELECT', 'a', '.', '"b""c"', '.', 'd']],
  [`'it''s' E'it\\'s' e'\\\\' x'00'`, [`'it''s'`, `E'it\\'s'`, `e'\\\\'`, `x'00'`]],
  [`'back\\' 'slash'`, [`'back\\'`, `'slash'`]],
  [`$$a'b$$ $t$ $$ $u$ $t$ $1 $name ?2`, [`$$a'b$$`, `$t$ $$ $u$ $t$`, '$1', '$name', '?', '2']],
  [`a$$b a$t$b`, ['a$$b', 'a$t$b']],
  [`1--2\n3 -- 'x\r4`, ['1', '3', '4']],
  [`1/*'*/2/* /* " */ */3/**/4/***/5`, ['1', '2', '3', '4', '5']],
  [`'/*' "--" */`, [`'/*'`, `"--"`, '*/']],
  [
    `1 <-2 a->>'b' x::y a:=b c=>d 1..2 !~~* +/**/-`,
    [
      '1',
      '<-',
      '2',
      'a',
      '->>',
      `'b'`,
      'x',
      '::',
      'y',
      'a',
      ':=',
      'b',
      'c',
      '=>',
      'd',
      '1',
      '..',
      '2',
      '!~~*',
      '+',
      '-',
    ],
  ],
  [`1.5e-3 .5 1. 1_000 1e5a 0x1F`, ['1.5e-3', '.5', '1.', '1_000', '1e5', 'a', '0', 'x1F']],
  [`größe_1 日本 é.ü`, ['größe_1', '日本', 'é', '.', 'ü']],
  [`a\u00a0b\u2003c\ufeff`, ['a', 'b', 'c']],
  [`'open`, [`'open`]],
  [`E' \\`, [`E' \\`]],
  [`"open`, [`"open`]],
  [`$$open`, [`$$open`]],
  ['', []],
]

for (const [sql, tokens] of cuts) {
  test(`tokens of ${JSON.stringify(sql)}`, () => {
    assert.deepEqual(texts(sql), tokens)
  })
}

test('a comment that is not closed is refused', () => {
  assert.throws(() => tokenize('a /* /* */'), /not closed/)
})

test('a name is what an identifier says, and nothing else is one', () => {
  const sql = `plain "quo""ted" 'text' 1 .`
  assert.deepEqual(
    tokenize(sql).map((token) => nameOf(sql, token)),
    ['plain', 'quo"ted', undefined, undefined, undefined],
  )
})

test('spaces of Unicode become plain ones, but not in literals and names', () => {
  assert.equal(
    plainSpaces(`a\u00a0'\u00a0'\u3000"\u2003" --\u00a0\n$$\ufeff$$`),
    `a '\u00a0' "\u2003" -- \n$$\ufeff$$`,
  )
})

const same: readonly (readonly [string, string])[] = [
  ['select a from b', 'SELECT  a\nFROM /* c */ b -- d'],
  ['SELECT a FROM b GROUP BY a ORDER BY a', 'select a from b group by a order by a'],
  ['SELECT a\u00a0FROM b', 'SELECT a FROM b'],
  ['SELECT a . b', 'SELECT a.b'],
]

for (const [a, b] of same) {
  test(`share a key: ${JSON.stringify(a)} and ${JSON.stringify(b)}`, () => {
    assert.equal(key(plainSpaces(a)), key(b))
  })
}

const different: readonly (readonly [string, string])[] = [
  ['SELECT 1 AS a', 'SELECT 1 AS A'],
  ['SELECT 1 AS Select', 'SELECT 1 AS select'],
  ['SELECT x.Order', 'SELECT x.order'],
  ['SELECT struct_pack(Left := 1)', 'SELECT struct_pack(left := 1)'],
  [`SELECT 'a'`, `SELECT 'A'`],
  [`SELECT 'a  b'`, `SELECT 'a b'`],
  [`SELECT "a"`, `SELECT a`],
  [`SELECT 'a'\n'b'`, `SELECT 'a' 'b'`],
  ['SELECT a <-1', 'SELECT a < -1'],
  ['SELECT 1 . 5', 'SELECT 1.5'],
  ['SELECT 1 2', 'SELECT 12'],
  ['SELECT a b', 'SELECT ab'],
  ['SELECT a: :b', 'SELECT a::b'],
  ['ſelect 1', 'select 1'],
]

for (const [a, b] of different) {
  test(`have keys of their own: ${JSON.stringify(a)} and ${JSON.stringify(b)}`, () => {
    assert.notEqual(key(a), key(b))
  })
}

// Goal: nothing in the project depends on one machine, hides unfinished work, or is a test that does not run.
// Method: search the text of every file of the project for words and patterns.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { projectFiles } from '../support/project-files.ts'
import { projectRoot } from '../support/project-root.ts'

const self = 'test/project/words.test.ts'
const binary = /\.(parquet|arrow|feather|png|sqlite|zst|bin)$/
const texts = projectFiles
  .filter((file) => file !== self && !binary.test(file))
  .map((file) => ({ file, text: readFileSync(path.join(projectRoot, file), 'utf8') }))

/** Hosts that text may point to: specifications, homes of projects we use, and names that resolve nowhere. */
const hosts = [
  'arrow.apache.org',
  'cdn.jsdelivr.net',
  'docs.python.org',
  'ducklake.select',
  'duckdb.org',
  'en.wikipedia.org',
  'facebook.github.io',
  'github.com',
  'grpc.github.io',
  'grpc.io',
  'json-schema.org',
  'keepachangelog.com',
  'nodejs.org',
  'opencollective.com',
  'parquet.apache.org',
  'protobuf.dev',
  'semver.org',
  'toml.io',
  'www.apache.org',
  'www.rfc-editor.org',
  'www.w3.org',
  'localhost',
]

function search(pattern: RegExp, only: (file: string) => boolean = () => true): string[] {
  return texts
    .filter(({ file }) => only(file))
    .flatMap(({ file, text }) => Array.from(text.matchAll(pattern), (match) => `${file}: ${match[0]}`))
}

test('no file names a path of one machine', () => {
  assert.deepEqual(search(/(?<![\w.])\/(work|root|opt\/wheels)\/[\w.-]*/g), [])
  assert.deepEqual(search(/(\.\.\/shared\/|\/tmp\/proto)[\w.-]*/g), [])
})

test('every address points to a public host that is known here', () => {
  const inLock = (file: string): boolean => file === 'package-lock.json'
  const addresses = search(/\b(?:https?|ftp|git\+\w+):\/\/[^\s/'"`)>\]:?*]+/g, (file) => !inLock(file))
  const isKnown = (address: string): boolean => {
    const host = address.split('://')[1] ?? ''
    return hosts.includes(host) || /^(127\.\d+\.\d+\.\d+|\$\{.*|(.*\.)?example(\.(com|org|net))?)$/.test(host)
  }
  assert.deepEqual(
    addresses.filter((address) => !isKnown(address)),
    [],
  )
})

test('the lock file has no address but where its packages ask for funding', () => {
  const lock = texts.find(({ file }) => file === 'package-lock.json')?.text ?? ''
  const lines = lock.split('\n').filter((line) => line.includes('://') && !/^\s*"url": /.test(line))
  const funding = lines.filter((line) => !/^\s*"funding": /.test(line))
  assert.deepEqual(funding, [])
})

test('no file leaves work for later', () => {
  assert.deepEqual(search(/\b(TODO|FIXME|XXX|HACK)\b/g), [])
})

test('no test is skipped, left for later or run alone', () => {
  const isTest = (file: string): boolean => file.endsWith('.test.ts')
  assert.deepEqual(search(/\b(test|it|describe|suite|t)\.(skip|todo|only)\(/g, isTest), [])
  assert.deepEqual(search(/\b(skip|todo|only): (true|[a-z]\w*|['"`])/g, isTest), [])
})

test('no rule of a tool is switched off without a reason beside it', () => {
  const bare = search(/(eslint-disable[\w-]*(?: [^\n-]*)?$|@ts-(?:ignore|nocheck)|@ts-expect-error\s*$)/gm)
  assert.deepEqual(bare, [])
})

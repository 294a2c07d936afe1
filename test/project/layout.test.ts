// Goal: whoever looks for something finds it where CONTRIBUTING.md says, in files of a size to read at once.
// Method: list the files of the project and compare them with the rules.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { projectFiles } from '../support/project-files.ts'
import { projectRoot } from '../support/project-root.ts'

/** Above this a file has more than one subject; most have 60 to 300 lines. */
const sourceLinesMax = 450

/** Folders below those of CONTRIBUTING.md's layout; each has one subject. */
const knownFolders = [
  '.ci',
  'examples/data',
  'flight/codec',
  'flight/ipc',
  'flight/proto',
  'src/query/from-arrow',
  'src/query/gate',
  'src/query/pushed-filter',
  'src/query/rollup',
  'src/query/to-arrow',
  'src/query/write',
  'src/server/actions',
  'src/server/airport',
  'src/server/auth',
  'src/server/handlers',
  'src/server/polls',
  'src/server/sql',
  'src/store/cache',
  'src/store/catalog',
  'src/store/disk',
  'src/store/lifecycle',
  'src/store/log',
  'src/store/parquet',
  'src/store/transaction',
]
const knownTrees = [
  'bench',
  'python',
  'test/unit',
  'test/property',
  'test/golden',
  'test/interop',
  'test/fault',
  'test/load',
  'test/support',
]

const isCode = (file: string): boolean => /^(flight|src|test|bench|scripts|examples)\/.*\.ts$/.test(file)
const isSource = (file: string): boolean => /^(flight|src)\/.*\.ts$/.test(file)

function linesOf(file: string): string[] {
  return readFileSync(path.join(projectRoot, file), 'utf8').split('\n')
}

function documentedFolders(): string[] {
  return linesOf('CONTRIBUTING.md').flatMap((line) => /^\| `([\w/]+)\/`/.exec(line)?.[1] ?? [])
}

test('every folder is known', () => {
  const known = ['.', 'src', 'test/project', ...documentedFolders(), ...knownFolders]
  const folders = new Set(projectFiles.map((file) => path.dirname(file)))
  const unknown = [...folders].filter(
    (folder) => !known.includes(folder) && !knownTrees.some((tree) => `${folder}/`.startsWith(`${tree}/`)),
  )
  assert.deepEqual(unknown, [])
})

test('every documented folder exists', () => {
  for (const folder of documentedFolders()) {
    assert.ok(
      projectFiles.some((file) => file.startsWith(`${folder}/`)),
      folder,
    )
  }
})

test('every link from one document to another file leads somewhere', () => {
  for (const document of projectFiles.filter((file) => file.endsWith('.md'))) {
    for (const [, target = ''] of linesOf(document)
      .join('\n')
      .matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^(\w+:|#)/.test(target)) continue
      const linked = path.join(projectRoot, path.dirname(document), target.replace(/#.*$/, ''))
      assert.ok(existsSync(linked), `${document}: ${target}`)
    }
  }
})

test('files have kebab-case names', () => {
  const odd = projectFiles
    .filter(isCode)
    .filter((file) => !/^[a-z0-9-]+(\.test)?\.ts$/.test(path.basename(file)))
  assert.deepEqual(odd, [])
})

test('no source file is too long to read at once', () => {
  const long = projectFiles
    .filter((file) => isSource(file) && linesOf(file).length > sourceLinesMax)
    .filter((file) => !/^\/\/ Made by .*; do not edit\.$/.test(linesOf(file)[0] ?? ''))
  assert.deepEqual(long, [])
})

test('every test, bench, script and example opens with its goal', () => {
  const opens = /^(test\/.*\.test|bench\/[^/]+|scripts\/[^/]+|examples\/[^/]+)\.ts$/
  for (const file of projectFiles.filter((name) => opens.test(name))) {
    assert.match(linesOf(file)[0] ?? '', /^(\/\/|\/\*\*|#!)/, file)
  }
})

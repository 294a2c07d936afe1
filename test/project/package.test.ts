// Goal: an install gives the same bytes everywhere, and the package offers what its manifest says.
// Method: read package.json, the lock file, the tool settings and what npm would pack.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { projectFiles } from '../support/project-files.ts'
import { projectRoot } from '../support/project-root.ts'

interface Manifest {
  readonly version: string
  readonly license: string
  readonly bin: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly scripts: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

const manifest = JSON.parse(read('package.json')) as Manifest

function read(file: string): string {
  return readFileSync(path.join(projectRoot, file), 'utf8')
}

test('every dependency has an exact version', () => {
  for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
    assert.match(version, /^\d+\.\d+\.\d+(-[\w.]+)?$/, name)
  }
})

test('the lock file names no registry', () => {
  const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, { resolved?: string }> }
  for (const [name, entry] of Object.entries(lock.packages)) assert.equal(entry.resolved, undefined, name)
})

test('the lock file pins what package.json asks for', () => {
  const lock = JSON.parse(read('package-lock.json')) as { packages: { '': Manifest } }
  const root = lock.packages['']
  assert.deepEqual(root.dependencies, manifest.dependencies)
  assert.deepEqual(root.devDependencies, manifest.devDependencies)
})

test('the lock file holds every optional package that another one names, so that npm ci takes it', () => {
  type Package = Partial<Record<'dependencies' | 'optionalDependencies', Readonly<Record<string, string>>>>
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Package> }
  for (const [parent, entry] of Object.entries(packages)) {
    for (const name of Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })) {
      const places = Object.keys(packages).filter((place) => place.endsWith(`node_modules/${name}`))
      assert.ok(places.length > 0, `${parent} needs ${name}, for some platform`)
    }
  }
})

test('every export puts its types first, and both of its files are built', () => {
  for (const [name, target] of Object.entries(manifest.exports)) {
    if (typeof target === 'string') continue
    assert.equal(Object.keys(target)[0], 'types', name)
    for (const file of Object.values(target)) assert.ok(existsSync(path.join(projectRoot, file)), file)
  }
})

test('every command of the package is an executable file', () => {
  for (const file of Object.values(manifest.bin)) accessSync(path.join(projectRoot, file), constants.X_OK)
  accessSync(path.join(projectRoot, '.ci/run'), constants.X_OK)
})

test('the packed package holds the build and no tests, data or sources', () => {
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: projectRoot,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  ) as [{ files: { path: string }[] }]
  const files = packed.files.map((file) => file.path)
  for (const wanted of [
    'LICENSE',
    'README.md',
    'bin/sterna',
    'dist/bin/main.js',
    'dist/bin/worker.js',
    'dist/bin/LICENSES.txt',
    'dist/src/index.js',
    'dist/flight/index.d.ts',
  ]) {
    assert.ok(files.includes(wanted), wanted)
  }
  const unwanted = files.filter(
    (file) => !/^(bin|dist\/bin|dist\/src|dist\/flight|flight\/proto|[^/]+$)/.test(file),
  )
  assert.deepEqual(unwanted, [])
})

test('every script that documentation mentions exists', () => {
  const builtIn = ['ci', 'test', 'start', 'install', 'pack', 'publish']
  const documents = [...projectFiles.filter((file) => file.endsWith('.md')), '.ci/run']
  for (const document of documents) {
    for (const [, script = ''] of read(document).matchAll(/\bnpm run ([\w:]+)/g)) {
      assert.ok(script in manifest.scripts || builtIn.includes(script), `${document}: npm run ${script}`)
    }
  }
})

test('the Python client has the version of the server', () => {
  const [, version] = /^version = "(.+)"$/m.exec(read('python/pyproject.toml')) ?? []
  assert.equal(version, manifest.version)
})

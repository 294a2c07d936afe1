// Runs the built tests with another version of Node: npm run test:node -- VERSION [WORD…], such as 22 or 24.
// npm serves Node itself as a package for each platform; it is kept in `.node/VERSION`.
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import path from 'node:path'

const root = path.join(import.meta.dirname, '../..')

function run(program: string, args: readonly string[], env = process.env): void {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit', env })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}

const [version, ...words] = process.argv.slice(2)
if (version === undefined || !/^\d+(\.\d+)*$/.test(version)) {
  console.error('Usage: npm run test:node -- VERSION [WORD…]')
  process.exit(2)
}
const folder = path.join(root, '.node', version)
const name = `node-${process.platform}-${process.arch}`
mkdirSync(folder, { recursive: true })
run('npm', ['install', '--prefix', folder, '--no-save', '--no-package-lock', `${name}@${version}`])
const bin = path.join(folder, 'node_modules', name, 'bin')
// First on the PATH as well: bin/sterna finds its Node there.
const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env['PATH'] ?? ''}` }
run(path.join(bin, 'node'), ['--version'], env)
run(path.join(bin, 'node'), [path.join(root, 'dist/scripts/test.js'), ...words], env)

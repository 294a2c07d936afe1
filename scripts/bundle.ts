/**
 * Joins the compiled command line and what it uses into a few files under `dist/bin/`, which `bin/sterna` runs: of some
 * thousand small files Node would spend half of the start of a server, and most of a short command, on finding and
 * opening them. Programs that import the package get its modules as they are.
 *
 * Run: `node dist/scripts/bundle.js`, after `tsc`.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'

const root = path.join(import.meta.dirname, '../..')
const folder = path.join(root, 'dist/bin')

/** What finds its native or WebAssembly file beside itself. */
const external = ['@duckdb/node-bindings', 'libsql', 'parquet-wasm']

const { metafile } = await build({
  absWorkingDir: root,
  // The thread that reads parts is started by its name, beside the file that starts it.
  entryPoints: { main: 'dist/src/cli/main.js', worker: 'dist/src/store/parquet/worker.js' },
  outdir: folder,
  external,
  bundle: true,
  splitting: true,
  sourcemap: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // Modules of the older kind ask for those of Node by a function that is not there in the newer kind.
  banner: {
    js: "import { createRequire as requireOf } from 'node:module'\nconst require = requireOf(import.meta.url)",
  },
  metafile: true,
  logLevel: 'warning',
})
const written = new Set(Object.keys(metafile.outputs).map((file) => path.basename(file)))
// Of earlier builds: the names of pieces change with what is in them.
for (const file of readdirSync(folder)) if (!written.has(file)) rmSync(path.join(folder, file))
writeFileSync(path.join(folder, 'LICENSES.txt'), licenses(Object.keys(metafile.inputs)))

/** The licenses of the packages whose files are in the bundle. */
function licenses(files: readonly string[]): string {
  const packages = files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? [])
  const texts = [...new Set(packages)].sort().map((name) => {
    const license = readdirSync(path.join(root, name)).find((file) => /^(un)?licen[cs]e/i.test(file))
    const { name: title, version, license: terms } = manifestOf(name)
    const text = license === undefined ? '' : readFileSync(path.join(root, name, license), 'utf8')
    return `${title} ${version}, ${terms}\n\n${text.trim()}\n`
  })
  return texts.join(`\n${'-'.repeat(80)}\n\n`)
}

function manifestOf(name: string): {
  readonly name: string
  readonly version: string
  readonly license: string
} {
  return JSON.parse(readFileSync(path.join(root, name, 'package.json'), 'utf8')) as never
}

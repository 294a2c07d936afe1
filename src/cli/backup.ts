import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Command } from 'commander'
import { formatBytes } from '../config/bytes.ts'
import { loadConfig } from '../config/config.ts'
import { SternaError } from '../errors.ts'
import { CommandError, fileError } from './failure.ts'
import { countOf } from './progress.ts'
import { addServerOption, type ServerOptions, withClient } from './server-connection.ts'

interface Manifest {
  readonly snapshot: number
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[]
}

type Message =
  { readonly file: { readonly path: string; readonly bytes: number } } | { readonly manifest: Manifest }

const MANIFEST_NAME = 'manifest.json'

/** `sterna backup DIR` */
export function addBackup(program: Command): void {
  addServerOption(
    program
      .command('backup')
      .description('copy the whole lake of a running server, as it is in one moment')
      .argument('<dir>', 'a directory that is empty, or not there'),
  ).action(backUp)
}

/** `sterna restore DIR` */
export function addRestore(program: Command): void {
  program
    .command('restore')
    .description('make a data directory of a backup, while no server runs')
    .argument('<dir>', 'the directory of the backup')
    .option('--data-dir <directory>', 'directory of the lake, empty or not there (default: ./data)')
    .option('--config <file>', 'TOML file with the settings of the server')
    .action(restoreLake)
}

async function backUp(dir: string, options: ServerOptions): Promise<void> {
  try {
    await mkdir(dir, { recursive: true })
    if ((await readdir(dir)).length > 0) throw new CommandError('USAGE', `${dir} is not empty`)
    const manifest = await withClient(options, (client) =>
      new BackupFolder(dir).write(client.action('backup')),
    )
    const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0)
    console.log(
      `${countOf(manifest.files.length, 'file')} of ${formatBytes(bytes)}: version ${manifest.snapshot}`,
    )
  } catch (error) {
    const isOurs = error instanceof CommandError || !(error instanceof Error) || !('errno' in error)
    throw isOurs ? error : fileError('FILE_UNWRITABLE', dir, error)
  }
}

/** Writes what the server sends, each file synced, and the manifest last: a backup without it is not complete. */
class BackupFolder {
  readonly #dir: string
  readonly #hashes = new Map<string, string>()
  #current: { readonly path: string; readonly file: FileHandle; readonly hash: Hash } | null = null

  constructor(dir: string) {
    this.#dir = dir
  }

  async write(results: AsyncIterable<Uint8Array>): Promise<Manifest> {
    try {
      for await (const result of results) {
        const content = result.subarray(1)
        if (result[0] === 1) {
          this.#current?.hash.update(content)
          await this.#current?.file.writeFile(content)
          continue
        }
        await this.#end()
        const message = JSON.parse(Buffer.from(content).toString('utf8')) as Message
        if ('manifest' in message) return await this.#finish(message.manifest)
        await this.#begin(message.file.path)
      }
    } finally {
      await this.#current?.file.close()
    }
    throw new SternaError('DATA_CORRUPT', 'The server has ended the backup before it was complete')
  }

  async #begin(path: string): Promise<void> {
    // What a server says is not what may leave the folder.
    if (path.startsWith('/') || path.split('/').includes('..')) {
      throw new SternaError('DATA_CORRUPT', 'The server has named a file outside of the lake')
    }
    const target = join(this.#dir, path)
    await mkdir(dirname(target), { recursive: true })
    this.#current = { path, file: await open(target, 'wx'), hash: createHash('sha256') }
  }

  async #end(): Promise<void> {
    if (this.#current === null) return
    const { path, file, hash } = this.#current
    this.#current = null
    try {
      await file.sync()
    } finally {
      await file.close()
    }
    this.#hashes.set(path, hash.digest('hex'))
  }

  async #finish(manifest: Manifest): Promise<Manifest> {
    for (const { path, sha256 } of manifest.files) {
      if (this.#hashes.get(path) === sha256) continue
      throw new SternaError('DATA_CORRUPT', `${path} did not arrive as the server has read it`)
    }
    const folders = new Set(['.', ...manifest.files.flatMap(({ path }) => parentsOf(path))])
    for (const folder of folders) await syncFolder(join(this.#dir, folder))
    const fresh = join(this.#dir, `${MANIFEST_NAME}.new`)
    const file = await open(fresh, 'wx')
    try {
      await file.writeFile(JSON.stringify(manifest, null, 1))
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(fresh, join(this.#dir, MANIFEST_NAME))
    await syncFolder(this.#dir)
    return manifest
  }
}

function parentsOf(path: string): string[] {
  const parent = dirname(path)
  return parent === '.' ? [] : [parent, ...parentsOf(parent)]
}

async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

async function restoreLake(
  dir: string,
  { config: file, ...flags }: { readonly dataDir?: string; readonly config?: string },
): Promise<void> {
  const { dataDir } = loadConfig({ file, env: process.env, flags })
  // Loaded here: the other commands start without the store.
  const { restore } = await import('../store/restore.ts')
  const { files, bytes, snapshot, time } = await restore(dir, dataDir)
  console.log(`${countOf(files, 'file')} of ${formatBytes(bytes)}: version ${snapshot}, as of ${time}`)
}

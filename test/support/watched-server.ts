/** A real server with a dataset that nothing may touch, and what it must look like after whatever has come in. */
import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after } from 'node:test'
import { GRPC_STATUS } from '../../flight/index.ts'
import { goldenFrames } from '../unit/flight/golden.ts'
import { RawClient } from './raw-client.ts'
import {
  eventually,
  filesBelow,
  fingerprint,
  partsOf,
  pathDescriptor,
  putMessages,
  runAction,
} from './raw-flight.ts'
import { type RunningServer, startServer, temporaryDirectory } from './start-server.ts'

interface Stats {
  readonly in_flight: Readonly<Record<string, number>>
  readonly queries: { readonly running: number; readonly waiting: number }
}

/** What nobody using the server leaves. */
const IDLE = { puts: 0, held_bytes: 0, loads: 0, pins: 0, running: 0, waiting: 0 }

async function inFlight(client: RawClient): Promise<Record<string, number>> {
  const { in_flight: inFlight, queries } = (await runAction(client, 'stats')) as Stats
  return { ...inFlight, running: queries.running, waiting: queries.waiting }
}

/** A server with a dataset that nothing may touch. */
class WatchedServer {
  readonly #server: RunningServer
  readonly #client: RawClient
  readonly #fromCache: string
  readonly #fromParts: string

  private constructor(server: RunningServer, client: RawClient, fromCache: string, fromParts: string) {
    this.#server = server
    this.#client = client
    this.#fromCache = fromCache
    this.#fromParts = fromParts
  }

  /** Stores the dataset `stored` and looks at it once. */
  static async watch(server: RunningServer, client: RawClient): Promise<WatchedServer> {
    const { code, details } = await client.exchange(
      'DoPut',
      putMessages(pathDescriptor('stored'), await goldenFrames('ticks')),
    )
    assert.equal(code, GRPC_STATUS.OK, details)
    const fromCache = await fingerprint(client, 'stored')
    await runAction(client, 'evict', 'stored')
    return new WatchedServer(server, client, fromCache, await fingerprint(client, 'stored'))
  }

  /** One figure of what is in flight. */
  async count(name: 'puts' | 'held_bytes' | 'loads' | 'pins' | 'running'): Promise<number> {
    return (await inFlight(this.#client))[name] ?? 0
  }

  /**
   * Asserts that the server answers, that nothing is in flight, and that on disk there is the dataset `stored` as it
   * was, and nothing else.
   *
   * @param others - parts that may be in `cold/` as well
   */
  async assertUntouched(others: readonly string[] = []): Promise<void> {
    const health = (await runAction(this.#client, 'health')) as { status: string }
    assert.equal(health.status, 'serving')
    await eventually(async () => {
      assert.deepEqual(await inFlight(this.#client), IDLE)
      assert.deepEqual(await filesBelow(join(this.#server.dataDir, 'tmp')), [])
      assert.deepEqual(await partsOf(this.#server.dataDir), [...others, 'stored.parquet'].sort())
    })
    assert.ok([this.#fromCache, this.#fromParts].includes(await fingerprint(this.#client, 'stored')))
    await runAction(this.#client, 'evict', 'stored')
    assert.equal(await fingerprint(this.#client, 'stored'), this.#fromParts)
  }
}

/** What a test with a watched server works with. */
export interface Setting {
  readonly server: RunningServer
  readonly client: RawClient
  readonly watched: WatchedServer
}

export interface SettingOptions {
  /** Lines of its TOML file. */
  readonly config?: readonly string[]
  readonly args?: readonly string[]
  /** Default: a new one, which goes with the server. */
  readonly dataDir?: string
}

/** Runs `work` with a fresh server that is watched, and a client of it. */
export async function withWatched(
  work: (setting: Setting) => Promise<void>,
  options: SettingOptions = {},
): Promise<void> {
  const { setting, stop } = await start(options)
  try {
    await work(setting)
  } finally {
    await stop()
  }
}

/**
 * As {@link withWatched} for all tests of a file, which take turns with one server: each begins with no dataset but the
 * one that is watched. To be called before the tests.
 */
export function shareWatched(
  options: SettingOptions = {},
): (work: (setting: Setting) => Promise<void>) => Promise<void> {
  let started: ReturnType<typeof start> | undefined
  after(async () => (await started)?.stop())
  return async (work) => {
    started ??= start(options)
    const { setting } = await started
    await dropOthers(setting.client)
    await setting.watched.assertUntouched()
    await work(setting)
  }
}

/** Drops everything but the dataset that is watched. */
export async function dropOthers(client: RawClient): Promise<void> {
  for (const { key, schema } of (await runAction(client, 'list')) as { key: string; schema: string }[]) {
    if (key !== 'stored') await runAction(client, 'drop', JSON.stringify({ key, schema }))
  }
}

async function start({ config = [], args = [], dataDir }: SettingOptions): Promise<{
  readonly setting: Setting
  readonly stop: () => Promise<void>
}> {
  const folder = await temporaryDirectory()
  const file = join(folder, 'sterna.toml')
  // Parts keep their names: what else there is on the disk is what a test looks for.
  await writeFile(file, ['compaction.mode = "off"', ...config].join('\n'))
  const server = await startServer({
    args: ['--config', file, ...args],
    dataDir: dataDir ?? join(folder, 'data'),
  })
  const client = new RawClient(server.url)
  const stop = async (): Promise<void> => {
    client.close()
    await server.stop()
    await rm(folder, { recursive: true })
  }
  try {
    return { setting: { server, client, watched: await WatchedServer.watch(server, client) }, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** A log in a folder of the test, without a server around it. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Frame, makeFrame, parseMessage, parseSchema } from '../../../flight/index.ts'
import { SternaError } from '../../../src/errors.ts'
import type { Disk } from '../../../src/store/disk/disk.ts'
import { NodeDisk } from '../../../src/store/disk/node-disk.ts'
import type { Durability, Stored } from '../../../src/store/log/append.ts'
import { DatasetLog } from '../../../src/store/log/dataset-log.ts'
import { WriterDictionaries } from '../../../src/store/log/dictionary-state.ts'
import { goldenFrames } from '../flight/golden.ts'

export interface LogFixture {
  readonly log: DatasetLog
  readonly folder: string
  /** Why it has failed. */
  readonly failures: SternaError[]
  /** The bytes of its files, by number. */
  readonly files: () => Promise<Buffer[]>
}

/** A new log for batches of a golden stream. */
export async function openLog(
  t: TestContext,
  schemaFrame: Frame,
  options: { disk?: Disk; syncMs?: number; idsMax?: number } = {},
): Promise<LogFixture> {
  const root = await mkdtemp(join(tmpdir(), 'sterna-log-'))
  t.after(() => rm(root, { recursive: true, force: true }))
  const folder = join(root, 'ticks')
  const failures: SternaError[] = []
  const log = new DatasetLog({
    ref: { schema: 'main', key: 'ticks' },
    tableId: 7,
    table: 'catalog/7',
    schemaHeader: schemaFrame.header,
    schema: parseSchema(schemaFrame.header),
    disk: options.disk ?? new NodeDisk(),
    root,
    folder,
    syncMs: options.syncMs ?? 5,
    ids: { countMax: options.idsMax ?? 100, ageMsMax: 60_000 },
    sequence: 0,
    fileNumber: 0,
    changed: () => undefined,
    failed: (_log, error) => failures.push(error),
  })
  t.after(() => log.end(new SternaError('SERVER_STOPPING', 'The test is over')))
  return {
    log,
    folder,
    failures,
    files: async () => {
      const names = (await readdir(folder)).sort()
      return Promise.all(names.map((name) => readFile(join(folder, name))))
    },
  }
}

/** One that appends: its dictionaries go before its batches. */
export class Writer {
  readonly #log: DatasetLog
  readonly #dictionaries: WriterDictionaries

  constructor(log: DatasetLog, schemaFrame: Frame) {
    this.#log = log
    this.#dictionaries = new WriterDictionaries(parseSchema(schemaFrame.header), log.schema)
  }

  /** What becomes of a batch; null for a dictionary. Rejects where it was refused. */
  async write(
    frame: Frame,
    { id = null, durability = 'fsync' }: { id?: string | null; durability?: Durability } = {},
  ): Promise<Stored | null> {
    const message = parseMessage(frame.header)
    if (message.kind === 'dictionary') {
      this.#dictionaries.add(frame, message)
      return null
    }
    return new Promise((resolve, reject) => {
      this.#log.append({
        frame,
        pieces: [frame],
        dictionaries: this.#dictionaries.current,
        id,
        durability,
        done: (outcome) => {
          if (outcome instanceof SternaError) reject(outcome)
          else resolve(outcome)
        },
      })
    })
  }
}

/** Schema and further frames of a golden stream. */
export async function stream(name: string): Promise<{ schemaFrame: Frame; frames: Frame[] }> {
  const [schemaFrame, ...frames] = await goldenFrames(name)
  if (schemaFrame === undefined) throw new Error(`The golden stream ${name} is empty`)
  return { schemaFrame, frames }
}

/** Schema and a batch of integers. */
export async function oneBatch(): Promise<{ schemaFrame: Frame; frame: Frame }> {
  const { schemaFrame, frames } = await stream('int64')
  const [frame] = frames
  if (frame === undefined) throw new Error('The golden stream int64 has no batch')
  return { schemaFrame, frame }
}

/** Equal for messages that are the same on the wire. */
export function wire(frame: Frame): string {
  return Buffer.concat([frame.head, ...frame.body]).toString('latin1')
}

/** The same batch with app_metadata. */
export function withMetadata({ header, body, kind, rows }: Frame, appMetadata: string): Frame {
  return makeFrame(header, body, { kind, rows, appMetadata: Buffer.from(appMetadata) })
}

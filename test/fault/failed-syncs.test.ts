/**
 * Goal: a sync that fails, of whatever file, is told to whoever waits for it and never called good; what was
 * acknowledged before and after it is there at the next start, and what was refused is there whole or not at all.
 * Method: the real server, whose fsync and fdatasync of chosen files the kernel fails (test/support/failing_syncs.py),
 * whichever library asks for them. It is killed as it is, and a sound one started.
 */
import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ErrorCode } from '../../src/errors.ts'
import { assertStored, findNumbers, numberBatch, NumberWriter, readNumbers } from '../support/append-load.ts'
import { underFailingSyncs } from '../support/failing-syncs.ts'
import { type RawAnswer, RawClient } from '../support/raw-client.ts'
import {
  actionMessage,
  assertNoOrphans,
  commandDescriptor,
  field,
  INT64,
  putMessages,
  runAction,
  schemaFrame,
} from '../support/raw-flight.ts'
import { type RunningServer, startServer, temporaryDirectory, withServer } from '../support/start-server.ts'

const ENV = { STERNA_COMPACTION_MODE: 'off' }
/** For rollbacks. */
const KEPT = { STERNA_HISTORY: '1d' }

type Operation = 'append' | 'flush' | 'replace' | 'drop'

interface Kind {
  readonly what: string
  /** Regular expression of the paths of the files. */
  readonly files: string
  /** Operations that cannot do without their sync. */
  readonly refused: Readonly<Partial<Record<Operation, ErrorCode>>>
}

const KINDS: readonly Kind[] = [
  { what: 'a log', files: '/log/ticks/\\d+\\.log$', refused: { append: 'LOG_FAILED' } },
  {
    what: 'parts',
    files: '/tmp/[^/]+\\.parquet$',
    refused: { flush: 'DISK_FAILED', replace: 'DISK_FAILED' },
  },
  {
    what: 'the folder of the parts',
    files: '/cold$',
    refused: { flush: 'DISK_FAILED', replace: 'DISK_FAILED' },
  },
  {
    what: 'the catalog',
    files: '/catalog\\.sqlite-wal$',
    refused: { flush: 'DISK_FAILED', append: 'LOG_FAILED', replace: 'DISK_FAILED', drop: 'DISK_FAILED' },
  },
]

class Lake {
  readonly client: RawClient
  /** To "ticks", whose log has rows and which has a part. */
  readonly writer: NumberWriter

  constructor(url: string, writer = new NumberWriter('ticks', 0)) {
    this.client = new RawClient(url)
    this.writer = writer
  }

  async fill(url: string): Promise<void> {
    for (const key of ['bars', 'gone']) assertOk(await this.put(key, 'create', 1))
    await this.writer.run(url, () => this.writer.next >= 20)
    assertOk(await this.run('flush'))
    await this.writer.run(url, () => this.writer.next >= 40)
  }

  /** Of "bars" the only batch becomes 2; "gone" goes. */
  async run(operation: Operation): Promise<RawAnswer> {
    switch (operation) {
      case 'append': {
        const answer = await this.put('ticks', 'append', this.writer.next)
        if (answer.code === 0) this.writer.next += 1
        return answer
      }
      case 'replace':
        return this.put('bars', 'replace', 2)
      case 'flush':
        return this.act('flush', 'ticks')
      case 'drop':
        return this.act('drop', 'gone')
    }
  }

  put(key: string, mode: string, number: number): Promise<RawAnswer> {
    const frames = [schemaFrame(field('n', INT64)), numberBatch(number)]
    return this.client.exchange(
      'DoPut',
      putMessages(commandDescriptor(JSON.stringify({ key, mode })), frames),
    )
  }

  act(type: string, body: string): Promise<RawAnswer> {
    return this.client.exchange('DoAction', [actionMessage(type, body)])
  }

  /** The number that a dataset of one batch has in all rows; null where there is no dataset. */
  async content(key: string): Promise<number | null> {
    const numbers = await findNumbers(this.client, key)
    if (numbers === null) return null
    const [first = Number.NaN] = numbers
    assert.deepEqual(numbers, Array<number>(5).fill(first))
    return first
  }
}

function assertOk({ code, details }: RawAnswer): void {
  assert.equal(code, 0, details)
}

interface Setting {
  readonly dataDir: string
  /** Lets syncs fail of files whose path matches, so many of them. */
  readonly fail: (files: string, count?: number) => Promise<void>
  /** Paths of the files whose syncs have failed. */
  readonly failed: () => Promise<string[]>
  readonly server: RunningServer
  readonly lake: Lake
}

/** Runs `work` with a full lake of a server that is killed then, and `look` with what a sound one has of it. */
async function withFailures(
  work: (setting: Setting) => Promise<void>,
  look: (lake: Lake, setting: Setting) => Promise<void>,
  moreEnv: Readonly<Record<string, string>> = {},
): Promise<void> {
  const folder = await temporaryDirectory()
  const dataDir = join(folder, 'data')
  const control = join(folder, 'control')
  const env = { ...ENV, ...moreEnv }
  await writeFile(control, '')
  try {
    const server = await startServer({ dataDir, env, under: await underFailingSyncs(control) })
    const lake = new Lake(server.url)
    const setting: Setting = {
      dataDir,
      fail: (files, count) => writeFile(control, count === undefined ? files : `${files}\n${count}`),
      failed: async () => (await readFile(`${control}.failed`, 'utf8')).trimEnd().split('\n'),
      server,
      lake,
    }
    try {
      await lake.fill(server.url)
      await work(setting)
    } finally {
      lake.client.close()
      await server.kill()
    }
    await withServer(
      async ({ url }) => {
        const found = new Lake(url, lake.writer)
        try {
          await look(found, setting)
        } finally {
          found.client.close()
        }
      },
      { dataDir, env },
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

for (const { what, files, refused } of KINDS) {
  const bars = refused.replace === undefined ? [2] : [1, 2]
  const gone = refused.drop === undefined ? [null] : [1, null]
  test(`while syncs of ${what} fail, what needs them is refused, and nothing that was acknowledged is lost`, async () => {
    await withFailures(
      async ({ fail, failed, lake }) => {
        await fail(files)
        for (const operation of ['flush', 'append', 'replace', 'drop'] as const) {
          const answer = await lake.run(operation)
          const code = refused[operation]
          if (code === undefined) assertOk(answer)
          else assert.match(answer.details, new RegExp(`\\[${code}\\]$`), `${operation}: ${answer.details}`)
        }
        assert.ok((await failed()).every((path) => new RegExp(files).test(path)))
        assert.equal(await lake.content('bars'), bars[0])
        assert.equal(await lake.content('gone'), gone[0])
        assertStored(await readNumbers(lake.client, 'ticks'), [lake.writer])
      },
      async (found, { dataDir }) => {
        assertStored(await readNumbers(found.client, 'ticks'), [found.writer])
        assert.ok(bars.includes((await found.content('bars')) ?? Number.NaN))
        assert.ok(gone.includes(await found.content('gone')))
        const { problems } = (await runAction(found.client, 'check')) as { problems: readonly unknown[] }
        assert.deepEqual(problems, [])
        await assertNoOrphans(found.client, dataDir)
        for (const operation of ['append', 'flush', 'replace'] as const) assertOk(await found.run(operation))
      },
    )
  })
}

/** Changes that take the rows of the log with them. */
const CHANGES = {
  drop: (lake: Lake) => lake.act('drop', 'ticks'),
  replace: (lake: Lake) => lake.put('ticks', 'replace', 2),
  rollback: (lake: Lake, version: number) => lake.act('rollback', JSON.stringify({ key: 'ticks', version })),
}

for (const [name, change] of Object.entries(CHANGES)) {
  test(`a ${name} whose commit could not be synced once has not happened, and what is appended after it stays`, async () => {
    await withFailures(
      async ({ fail, failed, lake }) => {
        const { version } = (await runAction(lake.client, 'flush', 'ticks')) as { version: number }
        await fail('/catalog\\.sqlite-wal$', 1)
        assert.match((await change(lake, version - 1)).details, /\[DISK_FAILED\]$/)
        assert.equal((await failed()).length, 1)
        assertOk(await lake.run('append'))
      },
      async (found) => {
        assertStored(await readNumbers(found.client, 'ticks'), [found.writer])
      },
      KEPT,
    )
  })
}

test('after a change of which nobody knows whether it has happened, nothing is appended', async () => {
  await withFailures(
    async ({ fail, lake }) => {
      await fail('/catalog\\.sqlite-wal$')
      assert.match((await CHANGES.drop(lake)).details, /\[DISK_FAILED\]$/)
      await fail('')
      for (const key of ['ticks', 'bars']) {
        assert.match(
          (await lake.put(key, 'append', 2)).details,
          /catalog .*restart the server \[LOG_FAILED\]$/,
        )
      }
      assertStored(await readNumbers(lake.client, 'ticks'), [lake.writer])
    },
    async (found) => {
      assertOk(await found.run('replace'))
      assertOk(await found.put('bars', 'append', 2))
    },
  )
})

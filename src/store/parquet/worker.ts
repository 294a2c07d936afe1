import { basename } from 'node:path'
import { parentPort } from 'node:worker_threads'

import type { Schema } from '../../../flight/ipc/schema.ts'
import { errnoOf, SternaError } from '../../errors.ts'
import { loadZstd } from '../../zstd.ts'
import { UndecodableError, wasmMemoryBytes } from './parquet-wasm.ts'
import { PartBlob } from './part-blob.ts'
import { PartFile } from './part-file.ts'
import { PartDamage } from './part-seal.ts'
import type { WorkerFailure, WorkerReply, WorkerRequest } from './protocol.ts'

// A thread that decodes parts: one request at a time, since a trap of the module has no promise to reject and must
// be laid to the one request that runs.

interface OpenFile {
  readonly path: string
  readonly schema: Schema | null
  blob: PartBlob | null
  part: PartFile | null
}

const port = parentPort
if (port === null) throw new Error('This file is a worker thread')

const files = new Map<number, OpenFile>()
let current: { readonly task: number; readonly file: OpenFile } | null = null
let queue = Promise.resolve()

port.on('message', (request: WorkerRequest) => {
  queue = queue.then(() => handle(request))
})

process.on('uncaughtException', (error) => {
  if (current === null) throw error
  const { task, file } = current
  reply({ kind: 'failed', task, failure: describe(file.blob?.failure ?? error, file, true) })
})

async function handle(request: WorkerRequest): Promise<void> {
  switch (request.kind) {
    case 'open':
      files.set(request.file, { path: request.path, schema: request.schema, blob: null, part: null })
      return
    case 'close': {
      const file = files.get(request.file)
      files.delete(request.file)
      file?.part?.close()
      file?.blob?.close()
      return
    }
    default:
      await answer(request)
  }
}

async function answer(request: WorkerRequest & { readonly task: number }): Promise<void> {
  const { task } = request
  const file = files.get(request.file)
  if (file === undefined) throw new Error(`File ${request.file} was not opened`)
  current = { task, file }
  try {
    await loadZstd()
    // Only now: what fails here is told to the request that needs the file.
    file.blob ??= await PartBlob.open(file.path)
    file.part ??= await PartFile.open(basename(file.path), file.blob, file.schema)
    if (request.kind === 'rowGroup') {
      for await (const batch of file.part.readRowGroup(request.rowGroup)) {
        reply({ kind: 'batch', task, batch }, [batch.body])
      }
    }
    const footer = request.kind === 'footer' ? file.part.footer : null
    reply({ kind: 'done', task, footer, wasmBytes: wasmMemoryBytes() })
  } catch (error) {
    reply({ kind: 'failed', task, failure: describe(error, file, false) })
  } finally {
    current = null
  }
}

function reply(message: WorkerReply, transfer: readonly ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer)
}

function describe(error: unknown, file: OpenFile, isTrap: boolean): WorkerFailure {
  const { code, message } = partError(error, basename(file.path), isTrap)
  const cause = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { code, message, cause, isTrap, canRetry: isTrap && file.blob?.failure === undefined }
}

/** A trap is what parquet-wasm does with bytes that it cannot decode, and with errors of the Blob that it reads. */
function partError(error: unknown, name: string, isTrap: boolean): SternaError {
  if (error instanceof PartDamage)
    return new SternaError('DATA_CORRUPT', `Part ${name} is damaged: ${error.message}`)
  if (errnoOf(error) === 'ENOENT') {
    return new SternaError('DATA_CORRUPT', `Part ${name} is missing`)
  }
  const known = SternaError.from(error)
  if (known.code !== 'BUG' || !(isTrap || error instanceof UndecodableError)) return known
  return new SternaError('DATA_CORRUPT', `Part ${name} is damaged: it cannot be decoded`)
}

import type { DatasetRequest, Frame } from '../../flight/index.ts'
import { messages } from '../../flight/index.ts'
import { SternaError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { parseOptions } from '../store/options.ts'
import type { CallContext, ResponseStream } from './call.ts'
import type { Services } from './services.ts'

/** Takes the messages of one DoPut in and answers them. */
export interface PutIntake {
  /** @param frame - a dictionary, a batch, or metadata alone */
  take(frame: Frame): Promise<void>
  /** After the last message of the client. @returns what was stored, for a last PutResult */
  finish(): Promise<object>
  /** After a failure; safe at any time. */
  abort(): Promise<void>
}

/** All batches at once, at the end. A PutResult means received. */
export function replaceIntake(
  { store }: Services,
  { dataset, mode, options }: DatasetRequest,
  schemaFrame: Frame,
  response: ResponseStream,
  context: CallContext,
): PutIntake {
  const session = store.beginPut(dataset, mode ?? 'replace', schemaFrame, parseOptions(options ?? {}))
  return {
    async take(frame) {
      if (frame.kind !== 'metadata') await session.write(frame)
      if (frame.kind === 'dictionary') return
      assertAnswersRead(response)
      answer(response, frame, { rows: frame.rows, bytes: frame.byteLength })
    },
    finish: () => session.commit(context.confirmed()),
    abort: () => session.abort(),
  }
}

/** Each batch by itself. A PutResult means stored. */
export function appendIntake(
  { store }: Services,
  request: DatasetRequest,
  schemaFrame: Frame,
  response: ResponseStream,
  context: CallContext,
): PutIntake {
  const { dataset } = request
  const options = parseOptions(request.options ?? {})
  const durability = request.durability ?? store.durability(dataset, options)
  const session = store.beginAppend(dataset, schemaFrame, {
    durability,
    options,
    stored: (frame, id, { sequence, rows, isRepeated }) => {
      const stored = { sequence, rows, durability }
      if (id === null) answer(response, frame, stored)
      else send(response, { id, ...stored, ...(isRepeated && { repeated: true }) })
    },
    failed: (error) => {
      // The client may wait for this very answer before it sends more, so that the next message would never come.
      void response.flush().then(() => context.fail(error))
    },
  })
  return {
    async take(frame) {
      assertAnswersRead(response)
      if (frame.kind === 'metadata') {
        await session.settled()
        answer(response, frame, { rows: 0 })
      } else {
        await session.write(frame)
      }
    },
    finish: () => session.commit(),
    // What is stored stays: it was acknowledged batch by batch.
    abort: () => Promise.resolve(),
  }
}

/** Echoes the app_metadata of a message, where it has some: clients match answers by it. */
function answer(response: ResponseStream, { appMetadata }: Frame, value: object): void {
  if (appMetadata === null) send(response, value)
  else void response.send(messages.PutResult.encode({ appMetadata }))
}

/**
 * Not awaited: a client may send everything before it reads, and waiting here for it to read would stop both sides
 * for good. What it leaves unread is bounded instead.
 */
function send(response: ResponseStream, value: object): void {
  void response.send(messages.PutResult.encode({ appMetadata: Buffer.from(JSON.stringify(value)) }))
}

function assertAnswersRead({ queuedBytes }: ResponseStream): void {
  if (queuedBytes <= LIMITS.putResultsBytesMax) return
  throw new SternaError(
    'LIMIT_EXCEEDED',
    `The client has left ${queuedBytes} bytes of PutResults unread; the limit is ${LIMITS.putResultsBytesMax}. Read them while writing`,
  )
}

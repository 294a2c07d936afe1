/** What the tables of bad streams are made of. */
import { encodeDictionary, type Frame, makeFrame } from '../../flight/index.ts'
import type { FlightMethodName } from '../../flight/service.ts'
import type { ErrorCode } from '../../src/errors.ts'
import { field, INT64, pathDescriptor, putMessages, schemaFrame } from '../support/raw-flight.ts'

/** One request and how it must be refused. */
export interface BadInput {
  /** A sentence of what the client does wrong. */
  readonly name: string
  readonly rpc: FlightMethodName
  readonly messages: readonly Uint8Array[]
  readonly code: ErrorCode
  /** What the text must name. */
  readonly text: RegExp
}

const dictionary = {
  id: 7n,
  indexType: { kind: 'int', bitWidth: 32, signed: true },
  isOrdered: false,
} as const
/** One column `n` of int64. */
export const integers = schemaFrame(field('n', INT64))
/** One column `w` of words in a dictionary. */
export const words = schemaFrame(field('w', { kind: 'utf8' }, { dictionary }))
/** A buffer of no bytes. */
export const NONE = { offset: 0, length: 0 }

/** A put that must be refused. */
export function badPut(
  name: string,
  code: ErrorCode,
  text: RegExp,
  frames: readonly Frame[],
  descriptor: Uint8Array | null = pathDescriptor('bad'),
): BadInput {
  return { name, rpc: 'DoPut', messages: putMessages(descriptor, frames), code, text }
}

/** The header of a frame with its bytes changed. */
export function withHeader(frame: Frame, change: (header: Buffer) => Uint8Array): Frame {
  const header = change(Buffer.from(frame.header))
  return makeFrame(header, frame.body, { kind: frame.kind, rows: frame.rows })
}

/** One value for the dictionary of {@link words}. */
export function dictionaryFrame(values: string): Frame {
  const body = Buffer.alloc(16)
  body.writeInt32LE(values.length, 4)
  body.write(values, 8)
  const buffers = [NONE, { offset: 0, length: 8 }, { offset: 8, length: values.length }]
  const header = {
    rows: 1,
    nodes: [{ length: 1, nullCount: 0 }],
    buffers,
    compression: null,
    variadicCounts: [],
  }
  return makeFrame(encodeDictionary(7n, false, header, body.length), [body])
}

import type { BatchHeader, BufferRange, FieldNode } from '../../../flight/ipc/message.ts'
import type { DictionaryColumn, KnownRows } from './dictionary-types.ts'
import type { FfiMemory } from './ffi.ts'

/** Every buffer of a body starts at a multiple of this. Source: Arrow IPC, "Recordbatch message". */
const ALIGNMENT = 8

const NOTHING_KNOWN: KnownRows = { dictionaries: new Map(), occurrencesOf: () => null }

/** Fills exactly its target. */
export type BufferWriter = (target: Buffer) => void

interface PlannedBuffer {
  readonly range: BufferRange
  readonly write: BufferWriter
}

/** The body of one message, with what its header says of it. */
export interface FrameBody {
  readonly header: BatchHeader
  readonly bytes: ArrayBuffer
}

/**
 * Collects the buffers of a body, then copies each to its place: one copy out of wasm memory, into memory of exactly
 * the size needed. Nothing is copied before `finish`, so a body that turns out too large costs little.
 */
export class FrameBodyBuilder {
  readonly known: KnownRows
  readonly #rows: number
  readonly #nodes: FieldNode[] = []
  readonly #buffers: PlannedBuffer[] = []
  readonly #variadicCounts: number[] = []
  readonly #dictionaries: DictionaryColumn[] = []
  #byteLength = 0
  #crowded: string | null = null
  #unknown: bigint | null = null

  /** @param known - what is known of the dictionaries that the rows were put with */
  constructor(rows: number, known: KnownRows = NOTHING_KNOWN) {
    this.#rows = rows
    this.known = known
  }

  /** Of the body so far, with its padding. */
  get byteLength(): number {
    return this.#byteLength
  }

  /** The column whose distinct values are more than its index can count, if there is one: take fewer rows. */
  get crowded(): string | null {
    return this.#crowded
  }

  /** The known dictionary that is not that of the rows, if there is one: go on without it. */
  get unknown(): bigint | null {
    return this.#unknown
  }

  /** The dictionary-encoded columns, nested ones too, in the order of their buffers. */
  get dictionaries(): readonly DictionaryColumn[] {
    return this.#dictionaries
  }

  addNode(length: number, nullCount: number): void {
    this.#nodes.push({ length, nullCount })
  }

  addBuffer(length: number, write: BufferWriter): void {
    this.#buffers.push({ range: { offset: this.#byteLength, length }, write })
    this.#byteLength += padded(length)
  }

  /** A buffer that is left out, such as the validity of a column without nulls. */
  addEmpty(): void {
    this.addBuffer(0, () => undefined)
  }

  addCopy(memory: FfiMemory, address: number, length: number): void {
    this.addBuffer(length, (target) => {
      memory.bytes.copy(target, 0, address, address + length)
    })
  }

  addVariadicCount(count: number): void {
    this.#variadicCounts.push(count)
  }

  /** To be followed by the buffer of the indices. */
  addDictionary(column: Omit<DictionaryColumn, 'codes'>, width: number, count: number): void {
    const { id, values, isKnown } = column
    this.#dictionaries.push({ id, values, isKnown, codes: { offset: this.#byteLength, count, width } })
  }

  /** A row has a value that the dictionary it was put with has not: the body is of no use. */
  markUnknown(id: bigint): void {
    this.#unknown = id
  }

  markCrowded(column: string): void {
    this.#crowded = column
  }

  finish(): FrameBody {
    // Not zeroed: every byte is written below, the padding by hand.
    const body = Buffer.allocUnsafeSlow(this.#byteLength)
    for (const { range, write } of this.#buffers) {
      const end = range.offset + range.length
      write(body.subarray(range.offset, end))
      body.fill(0, end, range.offset + padded(range.length))
    }
    const header: BatchHeader = {
      rows: this.#rows,
      nodes: this.#nodes,
      buffers: this.#buffers.map(({ range }) => range),
      compression: null,
      variadicCounts: this.#variadicCounts,
    }
    return { header, bytes: body.buffer }
  }
}

function padded(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT
}

import { SternaError } from '../../errors.ts'
import { bitmapBytes, copyBits, isSet, setBit, setBits, type Mask } from './bitmap.ts'
import { bindings } from '../duckdb.ts'
import { readIndices, type Run } from './indices.ts'
import { convertFixed, storedWidth } from './fixed-values.ts'
import { malformed, type ArrowArray, type DictionaryValues } from './arrow-array.ts'
import type { Storage } from '../storage-types.ts'
import { readOffsets, textRun } from './text-values.ts'
import { WORDS_PER_TEXT, writeWords, type StoreBytes } from './text-words.ts'

/**
 * Writes `rows` rows of one column of a chunk, from arrays that follow each other.
 *
 * Values are copied once, in bulk. A vector inside a list keeps the nulls of its chunk before, so nested vectors
 * always get their validity.
 *
 * @param parent - validity of the struct around it; what stands in a null struct is null itself.
 * @throws {@link SternaError} IPC_MALFORMED for anything that points outside its buffers.
 */
export function writeVector(
  storage: Storage,
  vector: bindings.Vector,
  runs: readonly Run[],
  rows: number,
  parent?: Uint8Array | null,
): void {
  const isNested = parent !== undefined
  const indices = storage.field.dictionary === null ? null : runs.map(readIndices)
  const validity = runsValidity(storage, runs, indices, rows, parent ?? null)
  if (validity !== null) writeValidity(vector, validity, rows)
  else if (isNested) writeValidity(vector, new Uint8Array(bitmapBytes(rows)).fill(0xff), rows)
  switch (storage.layout.kind) {
    case 'null':
      return
    case 'text':
    case 'bytes':
    case 'fixedBytes':
      writeTexts(vector, runs, indices, rows, validity)
      return
    case 'struct':
      writeFields(storage, vector, runs, rows, validity)
      return
    case 'list':
    case 'fixedList':
    case 'map':
      writeLists(storage, vector, runs, rows, validity)
      return
    default:
      writeFixed(storage, vector, runs, indices, validity)
  }
}

/** Values of the lists of one chunk: they are in memory at once, and a list of nulls takes no bytes on the wire. */
const LIST_VALUES_MAX = 2 ** 26

/** Memory that values are gathered in before their one copy; every use ends before the next begins. */
let scratch = new ArrayBuffer(64 * 1024)

function scratchOf(bytes: number): ArrayBuffer {
  if (scratch.byteLength < bytes) scratch = new ArrayBuffer(bytes * 2)
  return scratch
}

function writeValidity(vector: bindings.Vector, validity: Uint8Array<ArrayBuffer>, rows: number): void {
  bindings.vector_ensure_validity_writable(vector)
  bindings.copy_data_to_vector_validity(vector, 0, validity.buffer, 0, bitmapBytes(rows))
}

/** One bit per row, or null where all rows are valid. */
function runsValidity(
  storage: Storage,
  runs: readonly Run[],
  indices: readonly Uint32Array[] | null,
  rows: number,
  parent: Uint8Array | null,
): Uint8Array<ArrayBuffer> | null {
  const hasNullValues = indices !== null && runs.some(({ array }) => array.dictionary?.hasNulls ?? false)
  const hasNulls = runs.some(({ array }) => array.validity !== null)
  if (storage.layout.kind === 'null') return new Uint8Array(bitmapBytes(rows))
  if (!hasNulls && !hasNullValues && parent === null) return null
  const bits = new Uint8Array(bitmapBytes(rows))
  runs.forEach(({ array, start, count, at }, index) => {
    if (array.validity === null) setBits(bits, at, count)
    else copyBits(array.validity, start, bits, at, count)
    const values = indices?.[index]
    if (hasNullValues && values !== undefined && array.dictionary !== null) {
      clearNullValues(array.dictionary, values, bits, at)
    }
  })
  if (parent !== null) {
    for (let byte = 0; byte < bits.length; byte++) bits[byte] = (bits[byte] ?? 0) & (parent[byte] ?? 0)
  }
  return bits
}

function clearNullValues(
  dictionary: DictionaryValues,
  indices: Uint32Array,
  bits: Uint8Array,
  at: number,
): void {
  indices.forEach((index, i) => {
    if (dictionary.isNull(index)) setBit(bits, at + i, false)
  })
}

function writeFixed(
  storage: Storage,
  vector: bindings.Vector,
  runs: readonly Run[],
  indices: readonly Uint32Array[] | null,
  validity: Uint8Array | null,
): void {
  const { layout } = storage
  const width = storedWidth(layout)
  runs.forEach((run, index) => {
    const { array, start, count, at } = run
    const values = indices?.[index]
    const [source] = array.buffers
    if (layout.kind === 'copy' && values === undefined && source?.buffer instanceof ArrayBuffer) {
      const from = source.byteOffset + start * width
      bindings.copy_data_to_vector(vector, at * width, source.buffer, from, count * width)
      return
    }
    const memory = scratchOf(count * width)
    if (values === undefined) {
      convertFixed(array, start, count, { bits: validity, start: at }, new DataView(memory), 0)
    } else {
      array.dictionary?.gatherFixed(values, new Uint8Array(memory, 0, count * width))
    }
    bindings.copy_data_to_vector(vector, at * width, memory, 0, count * width)
  })
}

function writeTexts(
  vector: bindings.Vector,
  runs: readonly Run[],
  indices: readonly Uint32Array[] | null,
  rows: number,
  validity: Uint8Array | null,
): void {
  const bytes = rows * WORDS_PER_TEXT * 4
  const memory = scratchOf(bytes)
  // Nulls are empty texts: DuckDB may compare before it looks at the validity.
  new Uint32Array(memory, 0, rows * WORDS_PER_TEXT).fill(0)
  const store: StoreBytes = (data) => storeBytes(vector, data)
  runs.forEach((run, index) => {
    const { array, start, count, at } = run
    const mask: Mask = { bits: validity, start: at }
    const words = new Uint32Array(memory, at * WORDS_PER_TEXT * 4, count * WORDS_PER_TEXT)
    const values = indices?.[index]
    if (values === undefined) writeWords(textRun(array, start, count, mask), words, mask, store)
    else array.dictionary?.gatherText(values, words, mask, store)
  })
  bindings.copy_data_to_vector(vector, 0, memory, 0, bytes)
}

/**
 * Copies bytes (more than 12) into the heap of a vector, as if they were the text of its first row, and gives
 * the address that DuckDB has put there. The row is overwritten afterwards; the heap lives as long as the chunk.
 */
function storeBytes(vector: bindings.Vector, data: Uint8Array): number {
  bindings.vector_assign_string_element_len(vector, 0, data)
  const bytes = bindings.vector_get_data(vector, WORDS_PER_TEXT * 4)
  const row = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (row.getUint32(0, true) !== data.length) throw new Error('DuckDB did not take the bytes of a text')
  return row.getUint32(8, true) + row.getUint32(12, true) * 2 ** 32
}

function writeFields(
  storage: Storage,
  vector: bindings.Vector,
  runs: readonly Run[],
  rows: number,
  validity: Uint8Array | null,
): void {
  storage.children.forEach((child, index) => {
    const childRuns = runs.flatMap((run) => {
      const array = run.array.children[index]
      return array === undefined ? [] : [{ ...run, array }]
    })
    writeVector(child, bindings.struct_vector_get_child(vector, index), childRuns, rows, validity)
  })
}

/** Lists, fixed-size lists and maps: offset and length of each row in a child vector, both 64-bit. */
function writeLists(
  storage: Storage,
  vector: bindings.Vector,
  runs: readonly Run[],
  rows: number,
  validity: Uint8Array | null,
): void {
  const [childStorage] = storage.children
  if (childStorage === undefined) return
  const memory = scratchOf(rows * 16)
  const words = new Uint32Array(memory, 0, rows * 4).fill(0)
  const childRuns: Run[] = []
  let childRows = 0
  for (const { array, start, count, at } of runs) {
    const [child] = array.children
    if (child === undefined) continue
    const starts = listStarts(array, child, start, count)
    for (let i = 0; i < count; i++) {
      if (validity !== null && !isSet(validity, at + i)) continue
      const from = starts[i] ?? 0
      const length = (starts[i + 1] ?? 0) - from
      words[(at + i) * 4] = childRows
      words[(at + i) * 4 + 2] = length
      childRows += appendRun(childRuns, child, from, length, childRows)
    }
  }
  if (childRows > LIST_VALUES_MAX) {
    const limit = `${LIST_VALUES_MAX} values in ${rows} rows`
    throw new SternaError('LIMIT_EXCEEDED', `Lists of column '${storage.path}' have over ${limit}`)
  }
  bindings.copy_data_to_vector(vector, 0, memory, 0, rows * 16)
  bindings.list_vector_reserve(vector, childRows)
  bindings.list_vector_set_size(vector, childRows)
  if (childRows === 0) return
  const children = bindings.list_vector_get_child(vector)
  if (storage.layout.kind === 'map') refuseNullKeys(storage, childRuns)
  writeVector(childStorage, children, childRuns, childRows, null)
}

/** Where the lists of a run start in their child, and where the last one ends. */
export function listStarts(array: ArrowArray, child: ArrowArray, start: number, count: number): Uint32Array {
  const { storage } = array
  const { layout } = storage
  if (layout.kind === 'fixedList') {
    const { listSize } = layout
    return Uint32Array.from({ length: count + 1 }, (_, i) => (start + i) * listSize)
  }
  const source = layout.kind === 'list' ? layout.source : 'offsets32'
  return readOffsets(storage, array.buffers[0] ?? new Uint8Array(0), source, start, count, child.length)
}

/** Joins a list's values to the last run where they follow it, which they do but for null lists. */
function appendRun(runs: Run[], array: ArrowArray, start: number, count: number, at: number): number {
  const last = runs.at(-1)
  if (count === 0) return 0
  if (last?.array === array && last.start + last.count === start) {
    runs[runs.length - 1] = { ...last, count: last.count + count }
  } else {
    runs.push({ array, start, count, at })
  }
  return count
}

function refuseNullKeys(storage: Storage, runs: readonly Run[]): void {
  for (const { array, start, count } of runs) {
    const validity = array.children[0]?.validity ?? null
    if (validity === null) continue
    for (let i = start; i < start + count; i++) {
      if (!isSet(validity, i)) throw malformed(storage, 'has a map with a null key')
    }
  }
}

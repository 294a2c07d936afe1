import { access, constants, lstat, realpath } from 'node:fs/promises'
import { isAbsolute, relative, sep } from 'node:path'
import { crc32 } from 'node:zlib'
import { SternaError } from '../errors.ts'
import type { DataDir } from './disk/data-dir.ts'
import type { Disk } from './disk/disk.ts'
import { eachPiece } from './disk/pieces.ts'
import { columnOfDictionaries, manyDictionaries } from './parquet/dictionary-pages.ts'
import type { ForeignPart, ForeignReader, PartReader } from './parts.ts'

export interface ForeignFilesParts {
  readonly disk: Disk
  readonly dataDir: Pick<DataDir, 'path'>
  readonly reader: PartReader
  readonly foreign: ForeignReader
  /** Absolute paths of the folders whose files may be adopted. */
  readonly folders: readonly string[]
}

/** A file of another program that was read from its first byte to its last. */
export interface InspectedFile extends ForeignPart {
  readonly arrowBytes: number
  /** CRC32 of all its bytes. */
  readonly sum: number
}

const MAGIC = 'PAR1'
const ENCRYPTED_MAGIC = 'PARE'

/** Magic, length of the footer and magic: no Parquet file is shorter. */
const FILE_BYTES_MIN = 12

/** Files of other programs that become parts: which ones may, and what is in them. */
export class ForeignFiles {
  readonly #parts: ForeignFilesParts

  constructor(parts: ForeignFilesParts) {
    this.#parts = parts
  }

  /**
   * Gives a file a second name, durably; where there can be none it is copied.
   *
   * @param name - absolute path, as the client has it
   * @throws REQUEST_INVALID where it is not below a folder whose files may be adopted, or no file
   */
  async take(name: string, to: string): Promise<'link' | 'copy'> {
    const { disk } = this.#parts
    const path = await this.#allowed(name)
    const kind = await disk.link(path, to)
    const file = await disk.open(to, 'read')
    try {
      await file.sync()
    } finally {
      await file.close()
    }
    return kind
  }

  /**
   * Reads all of a file, as SQL does and as DoGet does.
   *
   * @param path - in the lake
   * @throws REQUEST_INVALID saying why it cannot be a part; TYPE_UNSUPPORTED, CANCELLED, DISK_FAILED
   */
  async inspect(path: string, signal: AbortSignal): Promise<InspectedFile> {
    const { foreign, reader } = this.#parts
    const sum = await this.#sumOf(path, signal)
    try {
      const part = await foreign.inspect(path, signal)
      let [rows, arrowBytes] = [0, 0]
      for await (const frame of reader.readParts({ schema: part.schema, paths: [path], signal })) {
        rows += frame.rows
        arrowBytes += frame.byteLength
      }
      if (rows !== part.written.rows)
        throw refusal('its row groups have not the rows that its footer tells of')
      return { ...part, arrowBytes, sum }
    } catch (error) {
      signal.throwIfAborted()
      const known = SternaError.from(error)
      // A value that the type of its column in SQL cannot hold, such as nanoseconds with a zone.
      if (known.code === 'DATA_CORRUPT' && known.message.startsWith('Column ')) {
        throw new SternaError('TYPE_UNSUPPORTED', known.message, { cause: error })
      }
      const isOfFile = known.code.startsWith('SQL_') || known.code === 'DATA_CORRUPT' || known.code === 'BUG'
      throw isOfFile ? refusal('it is damaged, or not complete', error) : known
    }
  }

  /** CRC32 of a file. @throws REQUEST_INVALID where it does not begin and end as Parquet does */
  async #sumOf(path: string, signal: AbortSignal): Promise<number> {
    const file = await this.#parts.disk.open(path, 'read')
    try {
      const bytes = await file.size()
      if (bytes === 0) throw refusal('it is empty')
      const ends = Buffer.alloc(8)
      await file.read(ends.subarray(0, 4), 0)
      await file.read(ends.subarray(4), Math.max(bytes - 4, 0))
      const [head, tail] = [ends.toString('latin1', 0, 4), ends.toString('latin1', 4)]
      if (head === ENCRYPTED_MAGIC || tail === ENCRYPTED_MAGIC) throw refusal('it is encrypted')
      if (head !== MAGIC) throw refusal('it is no Parquet file')
      if (tail !== MAGIC || bytes < FILE_BYTES_MIN) throw refusal('it is damaged, or not complete')
      const column = await columnOfDictionaries(
        (target, position) => file.read(target, position),
        bytes,
      ).catch((error: unknown) => {
        throw refusal('it is damaged, or not complete', error)
      })
      if (column !== null) throw refusal(manyDictionaries(column))
      return await checksumOf(file, bytes, signal)
    } finally {
      await file.close()
    }
  }

  /** Where a file really lies. */
  async #allowed(name: string): Promise<string> {
    const { folders, dataDir } = this.#parts
    const notAllowed = refusal(
      folders.length === 0
        ? 'the server takes files from no folder; its setting adopt_from names those it may'
        : 'there is no such file in a folder that the setting adopt_from of the server names',
    )
    if (!isAbsolute(name)) throw refusal('its path is not absolute')
    if (folders.length === 0) throw notAllowed
    const roots = await Promise.all(folders.map((folder) => realpath(folder).catch(() => null)))
    const path = await realpath(name).catch(() => null)
    // Nobody is told which files there are elsewhere.
    if (path === null || !roots.some((root) => root !== null && isBelow(root, path))) throw notAllowed
    if (isBelow(await realpath(dataDir.path), path)) throw refusal('it is of the lake already')
    if (!(await lstat(path)).isFile()) throw refusal('it is no file')
    await access(path, constants.R_OK).catch((error: unknown) => {
      throw refusal('the server may not read it', error)
    })
    return path
  }
}

/** CRC32 of all bytes of a file. */
export async function checksumOf(
  file: Parameters<typeof eachPiece>[0],
  bytes: number,
  signal: AbortSignal,
): Promise<number> {
  let sum = 0
  await eachPiece(file, bytes, signal, (piece) => {
    sum = crc32(piece, sum)
  })
  return sum
}

function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

/** @param reason - words that can follow "because" */
function refusal(reason: string, cause?: unknown): SternaError {
  return new SternaError('REQUEST_INVALID', reason, { cause })
}

/** An error of a file, with the name that the client has for it. */
export function ofFile(name: string, error: unknown): SternaError {
  const { code, message } = SternaError.from(error)
  const isOfOthers = code.startsWith('DISK_') || ['BUG', 'CANCELLED', 'DATASET_EXISTS'].includes(code)
  if (isOfOthers) return SternaError.from(error)
  return new SternaError(code, `"${name}" cannot be adopted: ${message}`, { cause: error })
}

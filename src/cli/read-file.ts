import { createReadStream } from 'node:fs'
import { access, constants, stat } from 'node:fs/promises'
import { type Frame, readIpcStream } from '../../flight/index.ts'
import { SternaError } from '../errors.ts'
import { decompressFrame } from './decompress.ts'
import { CommandError, fileError } from './failure.ts'
import type { Format } from './formats.ts'
import { readTable, type TableFrames } from './read-table.ts'

/** A file being read as Arrow, one batch at a time. */
export interface Input extends TableFrames {
  readonly file: string
}

const READ_BYTES = 1024 * 1024

/** @throws CommandError FILE_UNREADABLE, also where the content is not of the format */
export async function openInput(file: string, format: Format): Promise<Input> {
  const bytes = await sizeOf(file)
  const input =
    format === 'arrow' || format === 'arrows' ? openArrow(file, bytes) : await readTable(file, format)
  return { ...input, file, frames: naming(file, input.frames) }
}

async function sizeOf(file: string): Promise<number> {
  try {
    await access(file, constants.R_OK)
    const status = await stat(file)
    if (status.isDirectory()) throw new CommandError('FILE_UNREADABLE', `${file} is a directory`)
    return status.size
  } catch (error) {
    throw error instanceof CommandError ? error : fileError('FILE_UNREADABLE', file, error)
  }
}

function openArrow(file: string, bytes: number): TableFrames {
  const stream = createReadStream(file, { highWaterMark: READ_BYTES })
  async function* frames(): AsyncGenerator<Frame, void, undefined> {
    for await (const frame of readIpcStream(stream)) yield await decompressFrame(frame)
  }
  return {
    frames: frames(),
    share: () => (bytes === 0 ? undefined : stream.bytesRead / bytes),
    close: async () => {
      stream.destroy()
    },
  }
}

/** Errors that say nothing of the file get its name; DuckDB's own text helps to find the line. */
async function* naming(file: string, frames: AsyncIterable<Frame>): AsyncGenerator<Frame, void, undefined> {
  try {
    yield* frames
  } catch (error) {
    const { cause, message, code } = SternaError.from(error)
    const isForeign =
      cause instanceof Error && (code.startsWith('SQL_') || code === 'DATA_CORRUPT' || code === 'BUG')
    // Behind an empty line DuckDB quotes the SQL, which is not the user's.
    const reason = isForeign ? (cause.message.split('\n\n')[0] ?? message) : message
    throw new CommandError('FILE_UNREADABLE', `${file} cannot be read: ${reason}`, { cause: error })
  }
}

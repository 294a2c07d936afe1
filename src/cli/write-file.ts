import { createWriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type Frame, writeIpcStream } from '../../flight/index.ts'
import { fileError } from './failure.ts'
import { type Format, STDOUT } from './formats.ts'
import { writeIpcFile } from './ipc-file.ts'
import { removeOnSignal } from './unfinished.ts'
import { writeParquet, writeText } from './write-table.ts'

/**
 * Writes frames, the schema first, as a file of a format. The file appears under its name when it is complete;
 * what fails on the way leaves none.
 *
 * @throws CommandError FILE_UNWRITABLE; whatever the frames throw
 */
export async function writeOutput(
  frames: AsyncIterable<Frame>,
  format: Format,
  target: string,
): Promise<void> {
  if (target === STDOUT) {
    await pipeline(encode(frames, format, tmpdir()), process.stdout, { end: false })
    return
  }
  const isDevice = await isSpecial(target)
  const unfinished = isDevice ? target : `${target}.${process.pid}.tmp`
  const isGone = isDevice ? undefined : removeOnSignal(unfinished)
  try {
    await pipeline(encode(frames, format, path.dirname(target)), createWriteStream(unfinished))
    if (!isDevice) await rename(unfinished, target)
  } catch (error) {
    if (!isDevice) await rm(unfinished, { force: true })
    throw isFileProblem(error) ? fileError('FILE_UNWRITABLE', target, error) : error
  } finally {
    isGone?.()
  }
}

/** @param directory - for what has to be written before it can be put together */
function encode(frames: AsyncIterable<Frame>, format: Format, directory: string): AsyncIterable<Uint8Array> {
  switch (format) {
    case 'arrow':
      return writeIpcFile(frames)
    case 'arrows':
      return writeIpcStream(frames)
    case 'parquet':
      return writeParquet(frames, directory)
    default:
      return writeText(frames, format, directory)
  }
}

/** A pipe or a device, such as /dev/null, is written to as it is. */
async function isSpecial(target: string): Promise<boolean> {
  try {
    return !(await stat(target)).isFile()
  } catch {
    return false
  }
}

function isFileProblem(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && 'path' in error
}

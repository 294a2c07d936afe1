import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Duck } from '../query/duck.ts'
import { removeOnSignal } from './unfinished.ts'

/** A DuckDB of this process, for reading and writing files. */
export interface LocalDuck {
  readonly duck: Duck
  /** A directory of this command alone, gone after {@link LocalDuck.close}. */
  readonly directory: string
  close(): Promise<void>
}

/**
 * Opens a DuckDB that may touch the files of one directory, and of a new one of its own.
 *
 * @param parent - where the new one is made
 */
export async function openLocalDuck(directory: string, parent: string = tmpdir()): Promise<LocalDuck> {
  const own = await mkdtemp(path.join(parent, '.sterna-'))
  const isGone = removeOnSignal(own)
  const remove = async (): Promise<void> => {
    await rm(own, { recursive: true, force: true })
    isGone()
  }
  try {
    const duck = await Duck.open({ tempDirectory: own, dataDirectory: directory, allowedDirectories: [] })
    return {
      duck,
      directory: own,
      close: async () => {
        duck.close()
        await remove()
      },
    }
  } catch (error) {
    await remove()
    throw error
  }
}

/** A real file system of 20 MB for a data directory, to be filled to its last byte. */
import { execFile } from 'node:child_process'
import { chmod, mkdtemp, open, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

const DISK_BYTES = 20 * 1024 * 1024

/** Above this a shared memory file system is the machine's, and not for a test to fill. */
const SHARED_BYTES_MAX = 256 * 1024 * 1024

/** A file system that nothing else writes to. */
export interface SmallDisk {
  /** An empty folder on it. */
  readonly path: string
  /** Writes a file of its own until only so many bytes are free. */
  leaveFree(bytes: number): Promise<void>
  /** Lets nobody write below a folder of it. @returns makes it writable again */
  makeReadOnly(folder: string): Promise<() => Promise<void>>
  release(): Promise<void>
}

/**
 * A tmpfs of its own where this process may mount one; else the `/dev/shm` of a container, if that is as small as
 * containers have it.
 *
 * @throws Error saying why there is neither
 */
export async function smallDisk(): Promise<SmallDisk> {
  const mountPoint = await mkdtemp(join(tmpdir(), 'sterna-disk-'))
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', mountPoint])
  } catch (error) {
    await rm(mountPoint, { recursive: true })
    return sharedMemory(error)
  }
  return new Disk(mountPoint, join(mountPoint, 'ballast'), mountReadOnly, async () => {
    await run('umount', ['-l', mountPoint])
    await rm(mountPoint, { recursive: true })
  })
}

/** Over itself, read-only: the file system below stays writable, so that files that are open do not stand in the way. */
async function mountReadOnly(folder: string): Promise<() => Promise<void>> {
  await run('mount', ['--bind', folder, folder])
  await run('mount', ['-o', 'remount,bind,ro', folder])
  return async () => {
    await run('umount', [folder])
  }
}

async function forbidWriting(folder: string): Promise<() => Promise<void>> {
  if (process.getuid?.() === 0)
    throw new Error('No mode of a folder binds root, and this one may not mount anything')
  await chmod(folder, 0o555)
  return () => chmod(folder, 0o755)
}

async function sharedMemory(cause: unknown): Promise<SmallDisk> {
  const { blocks, bsize } = await statfs('/dev/shm')
  if (blocks * bsize > SHARED_BYTES_MAX) {
    throw new Error(
      'A full disk needs one to fill: run as root with CAP_SYS_ADMIN, or with a /dev/shm of 64 MB',
      { cause },
    )
  }
  const path = await mkdtemp('/dev/shm/sterna-disk-')
  const ballast = `${path}.ballast`
  const disk = new Disk(path, ballast, forbidWriting, async () => {
    await rm(path, { recursive: true })
    await rm(ballast, { force: true })
  })
  await disk.leaveFree(DISK_BYTES)
  return disk
}

class Disk implements SmallDisk {
  readonly path: string
  readonly makeReadOnly: SmallDisk['makeReadOnly']
  readonly release: SmallDisk['release']
  readonly #ballast: string

  constructor(
    path: string,
    ballast: string,
    makeReadOnly: SmallDisk['makeReadOnly'],
    release: SmallDisk['release'],
  ) {
    this.path = path
    this.makeReadOnly = makeReadOnly
    this.#ballast = ballast
    this.release = release
  }

  async leaveFree(bytes: number): Promise<void> {
    await rm(this.#ballast, { force: true })
    const { bfree, bsize } = await statfs(this.path)
    const excess = bfree * bsize - bytes
    if (excess <= 0) return
    const file = await open(this.#ballast, 'w')
    try {
      await file.writeFile(Buffer.alloc(excess))
    } finally {
      await file.close()
    }
  }
}

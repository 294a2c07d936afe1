/**
 * The moments between two steps of a change at which a crash could do harm, in the order in which a change comes by
 * them. The crash test ends the server at each of them, so a new step of a change gets its name here.
 */
export const FAILPOINTS = [
  'start.locked',
  'start.emptied',
  'start.catalog_opened',
  'start.parts_removed',
  'start.log_found',
  'start.recovered',
  'append.file_made',
  'append.written',
  'append.synced',
  'flush.sealed',
  'part.written',
  'part.synced',
  'part.named',
  'part.folder_synced',
  'refresh.read',
  'commit.begun',
  'commit.written',
  'commit.done',
  'files.removing',
] as const

export type Failpoint = (typeof FAILPOINTS)[number]

type Listener = (name: Failpoint) => void

/** Known to the whole process: what listens need not share this module with what is bundled. */
const LISTENER = Symbol.for('sterna.failpoint')
const listeners = globalThis as { [LISTENER]?: Listener }

/** Says that a change has come this far. Nobody listens but a test. */
export function failpoint(name: Failpoint): void {
  listeners[LISTENER]?.(name)
}

/** Has `listener` called at each of them. For tests only: `listener` may end the process. */
export function onFailpoint(listener: Listener): void {
  listeners[LISTENER] = listener
}

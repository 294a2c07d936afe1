import { type Frame, parseMessage } from '../../flight/index.ts'

/**
 * The dictionaries in force at a place of a stream. A batch refers to whatever dictionary came before it, so one
 * that is taken out of its stream needs them with it.
 */
export class Dictionaries {
  /** By id; a delta follows what it adds to. */
  readonly #frames = new Map<bigint, readonly Frame[]>()

  add(frame: Frame): void {
    const message = parseMessage(frame.header)
    if (message.kind !== 'dictionary') return
    const known = message.isDelta ? (this.#frames.get(message.id) ?? []) : []
    this.#frames.set(message.id, [...known, frame])
  }

  inForce(): Frame[] {
    return [...this.#frames.values()].flat()
  }
}

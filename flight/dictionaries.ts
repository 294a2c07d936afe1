import type { Frame } from './frame.ts'
import { parseMessage } from './ipc/message.ts'

/**
 * The dictionaries in force at a place of a stream. A batch refers to whatever dictionary came before it, so one
 * that is taken out of its stream needs them with it.
 *
 * Source: Arrow, "IPC Streaming Format": a dictionary holds until one of the same id replaces it.
 */
export class Dictionaries {
  /** By id; a delta follows what it adds to. */
  readonly #frames = new Map<bigint, readonly Frame[]>()

  /** Frames of other kinds change nothing. */
  add(frame: Frame): void {
    if (frame.kind !== 'dictionary') return
    const message = parseMessage(frame.header)
    if (message.kind !== 'dictionary') return
    const known = message.isDelta ? (this.#frames.get(message.id) ?? []) : []
    this.#frames.set(message.id, [...known, frame])
  }

  inForce(): Frame[] {
    return [...this.#frames.values()].flat()
  }

  /** Takes over what another stream has in force. @returns the frames that say what was not so before */
  become(other: Dictionaries): Frame[] {
    const news: Frame[] = []
    for (const [id, frames] of other.#frames) {
      const known = this.#frames.get(id) ?? []
      const isGrown = known.every((frame, index) => frame === frames[index])
      news.push(...frames.slice(isGrown ? known.length : 0))
      this.#frames.set(id, frames)
    }
    return news
  }
}

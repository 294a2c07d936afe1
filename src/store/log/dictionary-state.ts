import { createHash } from 'node:crypto'
import { type Frame, makeFrame } from '../../../flight/frame.ts'
import { encodeDictionary, type IpcMessage } from '../../../flight/ipc/message.ts'
import type { Field, Schema } from '../../../flight/ipc/schema.ts'

/** A dictionary message, and a text that is equal where its content is. */
interface Sent {
  readonly frame: Frame
  readonly isDelta: boolean
  readonly digest: string
}

/** For each dictionary its last whole message and the deltas after it. Lists are never changed. */
type Dictionaries = ReadonlyMap<bigint, readonly Sent[]>

/**
 * The dictionaries that one writer has sent so far, under the ids that the dataset has for them.
 *
 * Dictionaries are state of a stream, and in a log the streams of several writers become one: {@link DictionaryState}
 * tells which messages have to stand before a batch so that it means what its writer meant.
 */
export class WriterDictionaries {
  readonly #ids: ReadonlyMap<bigint, bigint>
  #sent: Dictionaries = new Map()

  /** Both schemas have the same fields; ids are each stream's own. */
  constructor(writer: Schema, dataset: Schema) {
    const own = dictionaryIds(dataset.fields)
    this.#ids = new Map(dictionaryIds(writer.fields).map((id, index) => [id, own[index] ?? id]))
  }

  /** What has been sent up to now; does not change when more is. */
  get current(): Dictionaries {
    return this.#sent
  }

  /** Takes a dictionary message in. @param frame - kept */
  add(frame: Frame, message: Extract<IpcMessage, { kind: 'dictionary' }>): void {
    const id = this.#ids.get(message.id) ?? message.id
    const { isDelta } = message
    const header =
      id === message.id ? frame.header : encodeDictionary(id, isDelta, message.batch, message.bodyLength)
    const own =
      header === frame.header ? frame : makeFrame(header, frame.body, { kind: 'dictionary', rows: 0 })
    const hash = createHash('sha256').update(header)
    for (const piece of frame.body) hash.update(piece)
    const sent = { frame: own, isDelta, digest: hash.digest('base64') }
    const before = isDelta ? (this.#sent.get(id) ?? []) : []
    this.#sent = new Map(this.#sent).set(id, [...before, sent])
  }
}

/** The dictionaries that hold at the end of a log file. */
export class DictionaryState {
  readonly #held = new Map<bigint, readonly Sent[]>()

  /**
   * The messages that turn what holds into what a batch means, which then holds. None where that is the same: writers
   * that share their dictionaries store them once.
   */
  advanceTo(wanted: Dictionaries): Frame[] {
    const frames: Frame[] = []
    for (const [id, sent] of wanted) {
      const held = this.#held.get(id) ?? []
      const isStart = held.length <= sent.length && held.every(({ digest }, i) => digest === sent[i]?.digest)
      frames.push(...sent.slice(isStart ? held.length : 0).map(({ frame }) => frame))
      this.#held.set(id, sent)
    }
    return frames
  }
}

/** In the order of the fields, which is the same for all schemas that are equal. */
function dictionaryIds(fields: readonly Field[]): bigint[] {
  return fields.flatMap(({ dictionary, children }) => [
    ...(dictionary === null ? [] : [dictionary.id]),
    ...dictionaryIds(children),
  ])
}

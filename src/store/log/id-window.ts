/** A batch that was stored under an id of its writer. */
export interface KnownBatch {
  readonly sequence: number
  readonly rows: number
  /** When it was appended, ms since 1970. */
  readonly timeMs: number
}

export interface IdWindowOptions {
  readonly countMax: number
  readonly ageMsMax: number
}

/** What {@link IdWindow.encode} writes: a list of id, sequence, rows and time. */
type Row = readonly [id: string, sequence: number, rows: number, timeMs: number]

/** The ids of the batches that were appended last: a batch that comes again under one of them is not stored again. */
export class IdWindow {
  readonly #options: IdWindowOptions
  /** Oldest first. */
  readonly #known = new Map<string, KnownBatch>()

  constructor(options: IdWindowOptions) {
    this.#options = options
  }

  get(id: string, nowMs: number): KnownBatch | undefined {
    const found = this.#known.get(id)
    return found !== undefined && nowMs - found.timeMs <= this.#options.ageMsMax ? found : undefined
  }

  add(id: string, batch: KnownBatch): void {
    this.#known.delete(id)
    this.#known.set(id, batch)
    for (const [oldest, { timeMs }] of this.#known) {
      const isLeft = this.#known.size <= this.#options.countMax
      if (isLeft && batch.timeMs - timeMs <= this.#options.ageMsMax) break
      this.#known.delete(oldest)
    }
  }

  /** The ids up to a batch, as text for the catalog. */
  encode(sequence: number): string {
    const rows: Row[] = []
    for (const [id, known] of this.#known) {
      if (known.sequence <= sequence) rows.push([id, known.sequence, known.rows, known.timeMs])
    }
    return JSON.stringify(rows)
  }

  /** Adds what {@link encode} gave. */
  restore(text: string): void {
    for (const [id, sequence, rows, timeMs] of JSON.parse(text) as Row[]) {
      this.add(id, { sequence, rows, timeMs })
    }
  }
}

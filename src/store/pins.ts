/**
 * Keeps the files of past snapshots on disk while a reader still needs them.
 *
 * A reader pins a snapshot, not files: pinning costs one counter, however many parts the lake has. Files that a
 * commit took out of the catalog may go once no snapshot before that commit is pinned.
 */
export class Pins {
  readonly #remove: (paths: readonly string[]) => void
  readonly #counts = new Map<number, number>()
  #retired: { readonly since: number; readonly paths: readonly string[] }[] = []

  /** @param remove - deletes files that nothing needs any more */
  constructor(remove: (paths: readonly string[]) => void) {
    this.#remove = remove
  }

  /** Pins a snapshot. @returns its release; calling that twice does nothing more */
  pin(snapshotId: number): () => void {
    this.#counts.set(snapshotId, (this.#counts.get(snapshotId) ?? 0) + 1)
    let isReleased = false
    return () => {
      if (isReleased) return
      isReleased = true
      const count = (this.#counts.get(snapshotId) ?? 1) - 1
      if (count > 0) {
        this.#counts.set(snapshotId, count)
      } else {
        this.#counts.delete(snapshotId)
        this.#sweep()
      }
    }
  }

  /** Hands over files that snapshots from `since` on no longer name. */
  retire(since: number, paths: readonly string[]): void {
    if (paths.length === 0) return
    this.#retired.push({ since, paths })
    this.#sweep()
  }

  /** Readers that have not released their snapshot. */
  get count(): number {
    let count = 0
    for (const readers of this.#counts.values()) count += readers
    return count
  }

  /** Files that wait for their readers. */
  waiting(): readonly string[] {
    return this.#retired.flatMap(({ paths }) => paths)
  }

  #sweep(): void {
    if (this.#retired.length === 0) return
    const oldest = Math.min(...this.#counts.keys(), Number.POSITIVE_INFINITY)
    const free = this.#retired.filter(({ since }) => since <= oldest)
    if (free.length === 0) return
    this.#retired = this.#retired.filter(({ since }) => since > oldest)
    this.#remove(free.flatMap(({ paths }) => paths))
  }
}

/** How far a statement is, for those who watch it from outside. The engine says where it looks. */
export class QueryProgress {
  #percent: (() => number) | null = null
  #isDone = false

  /** @param percent - as the engine estimates it; negative where it cannot */
  begin(percent: () => number): void {
    this.#percent = percent
  }

  /** The connection that was asked is not there any more. */
  end(): void {
    this.#percent = null
    this.#isDone = true
  }

  /** 0 to 1: 0 before it runs and while nobody can tell. */
  get share(): number {
    if (this.#isDone) return 1
    const percent = this.#percent?.() ?? 0
    return Math.min(Math.max(percent / 100, 0), 1)
  }
}

import { SternaError } from '../errors.ts'
import type { PartComparer } from '../store/parts.ts'
import type { Binding } from './query-binding.ts'
import type { QueryRequest } from './query.ts'
import { assertNotAborted } from './result-stream.ts'

/**
 * The comparison of what a statement reads with its checksums, which goes on while it runs: DuckDB takes damaged bytes as
 * values. Its rows may be sent before, but it does not end well until they are known to be what was written.
 */
export class ReadComparison {
  readonly #signal: AbortSignal | undefined
  /** Null where there is nothing to find out, as for all but the first statements. */
  readonly #compared: Promise<boolean> | null
  readonly #abort: AbortController | null
  readonly #release: () => void

  private constructor(
    signal: AbortSignal | undefined,
    compared: Promise<boolean> | null,
    abort: AbortController | null,
    release: () => void,
  ) {
    this.#signal = signal
    this.#compared = compared
    this.#abort = abort
    this.#release = release
    if (abort !== null) signal?.addEventListener('abort', this.stop, { once: true })
  }

  /** @throws DATA_CORRUPT naming a part that is known to be damaged */
  static begin(
    comparer: PartComparer,
    { query, release }: Pick<Binding, 'query' | 'release'>,
    { signal, isWrite = false }: Pick<QueryRequest, 'signal' | 'isWrite'>,
  ): ReadComparison {
    const abort = new AbortController()
    const compared = comparer.compare(query.reads, { signal: abort.signal, isAll: isWrite })
    return new ReadComparison(signal, compared, compared && abort, release)
  }

  /** Gives the pin back once neither the statement, which calls it, nor the comparison needs it. */
  readonly release = (): void => {
    if (this.#compared === null) this.#release()
    else void this.#compared.then(this.#release, this.#release)
  }

  /**
   * At the end of the rows.
   *
   * @returns whether all that was read has been compared
   * @throws DATA_CORRUPT naming a part; DISK_FAILED, CANCELLED
   */
  async end(): Promise<boolean> {
    try {
      return (await this.#compared) ?? true
    } catch (error) {
      assertNotAborted(this.#signal)
      throw error
    }
  }

  /** Why a statement has failed: by the damage of what it reads, if there is any, whatever DuckDB makes of that. */
  async reasonOf(error: unknown): Promise<unknown> {
    if (this.#compared === null || SternaError.from(error).code === 'CANCELLED') return error
    return this.#compared.then(
      () => error,
      (found: unknown) => (SternaError.from(found).code === 'DATA_CORRUPT' ? found : error),
    )
  }

  /** Nobody waits for it any more. */
  readonly stop = (): void => {
    this.#signal?.removeEventListener('abort', this.stop)
    this.#abort?.abort(new SternaError('CANCELLED', 'The query was closed before its end'))
  }
}

import { malformedIpc } from './flatbuffer.ts'

/** Reads exact numbers of bytes from chunks of any size. */
export class ChunkReader {
  private readonly source: AsyncIterator<Uint8Array>
  /** Received and not taken yet, in order. */
  private chunks: Uint8Array[] = []
  private buffered = 0

  constructor(source: AsyncIterable<Uint8Array>) {
    this.source = source[Symbol.asyncIterator]()
  }

  /** The next bytes without taking them; fewer than `count` where the source ends before. */
  async peek(count: number): Promise<Uint8Array> {
    await this.fill(count)
    return this.copy(Math.min(count, this.buffered), false)
  }

  /**
   * The next `count` bytes: a view where one chunk has them, else a copy. Nothing is allocated before all of them are
   * there, so that a length that lies costs nothing.
   *
   * @throws WireError IPC_MALFORMED where the source ends before
   */
  async take(count: number): Promise<Uint8Array> {
    await this.fill(count)
    if (this.buffered < count) throw malformedIpc(`it ends after ${this.buffered} of ${count} bytes`)
    return this.copy(count, true)
  }

  /** Tells the source that no more will be read. */
  async close(): Promise<void> {
    await this.source.return?.()
  }

  private async fill(count: number): Promise<void> {
    while (this.buffered < count) {
      const next = await this.source.next()
      if (next.done === true) return
      if (next.value.length === 0) continue
      this.chunks.push(next.value)
      this.buffered += next.value.length
    }
  }

  /** The first `count` bytes of those buffered. */
  private copy(count: number, take: boolean): Uint8Array {
    const parts: Uint8Array[] = []
    let left = count
    let used = 0
    for (const chunk of this.chunks) {
      if (left === 0) break
      parts.push(chunk.subarray(0, left))
      if (left < chunk.length) {
        if (take) this.chunks[used] = chunk.subarray(left)
        left = 0
        break
      }
      left -= chunk.length
      used += 1
    }
    if (take) {
      this.chunks = this.chunks.slice(used)
      this.buffered -= count
    }
    const [only] = parts
    return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts)
  }
}

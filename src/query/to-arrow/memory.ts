/**
 * Uninitialised memory of its own: the caller overwrites every byte that leaves the process. Zeroed memory
 * would be written twice.
 */
export function allocate(byteLength: number): Uint8Array {
  const buffer = Buffer.allocUnsafeSlow(byteLength)
  return new Uint8Array(buffer.buffer, 0, byteLength)
}

/** Rounds up to what Arrow aligns buffers to. */
export function padded(byteLength: number): number {
  return Math.ceil(byteLength / 8) * 8
}

/**
 * Bytes that grow by doubling. `bytes` and `words` are the same memory and change with {@link reserve}.
 * Memory past what was written is not initialised.
 */
export class GrowingBytes {
  bytes: Uint8Array
  words: Int32Array

  constructor(byteLength: number) {
    this.bytes = allocate(padded(byteLength))
    this.words = new Int32Array(this.bytes.buffer)
  }

  /** Makes room for `byteLength` bytes in all, keeping the first `used`. */
  reserve(byteLength: number, used: number): void {
    if (byteLength <= this.bytes.byteLength) return
    const kept = this.bytes.subarray(0, used)
    this.bytes = allocate(padded(Math.max(byteLength, this.bytes.byteLength * 2)))
    this.words = new Int32Array(this.bytes.buffer)
    this.bytes.set(kept)
  }
}

import { ZSTDDecoder } from 'zstddec'

const decoder = new ZSTDDecoder()
let isReady = false

/** Loads the decoder, which is WebAssembly; to be awaited before {@link decodeZstdFrame}. Idempotent. */
export async function loadZstd(): Promise<void> {
  await decoder.init()
  isReady = true
}

/**
 * Decodes one zstd frame.
 *
 * @param bytes - what the frame must decode to, exactly; more is never allocated or written.
 * @returns fresh memory; null for anything else than such a frame
 */
export function decodeZstdFrame(frame: Uint8Array, bytes: number): Uint8Array | null {
  if (!isReady) throw new Error('The zstd decoder is not loaded')
  // What the decoder gives for a damaged frame is of another length: it takes the error's number for one.
  const decoded = frame.length === 0 ? frame : decoder.decode(frame, bytes)
  return decoded.length === bytes ? decoded : null
}

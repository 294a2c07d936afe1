/** A chunk below this is cheaper to copy than to be one of many of a gathered write. */
const JOINED_BYTES_MAX = 16 * 1024
/** Chunks are joined up to this size. */
const RUN_BYTES_MAX = 256 * 1024

/** The same bytes in fewer chunks: small neighbours are copied into one. */
export function gather(chunks: readonly Uint8Array[]): Uint8Array[] {
  const gathered: Uint8Array[] = []
  let run: Uint8Array[] = []
  let runBytes = 0
  const endRun = (): void => {
    const [only] = run
    if (only !== undefined) gathered.push(run.length === 1 ? only : Buffer.concat(run, runBytes))
    run = []
    runBytes = 0
  }
  for (const chunk of chunks) {
    if (chunk.byteLength > JOINED_BYTES_MAX) {
      endRun()
      gathered.push(chunk)
      continue
    }
    run.push(chunk)
    runBytes += chunk.byteLength
    if (runBytes >= RUN_BYTES_MAX) endRun()
  }
  endRun()
  return gathered
}

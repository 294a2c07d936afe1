import { encodeBatch, encodeDictionary, type Frame, makeFrame, parseMessage } from '../../flight/index.ts'
import { decompress } from '../query/from-arrow/decompress.ts'
import { loadZstd } from '../zstd.ts'

/**
 * The same frame with plain buffers, for readers that know no compression; pyarrow writes Feather files with LZ4
 * unless told otherwise.
 *
 * @returns the frame itself where it is not compressed
 * @throws SternaError IPC_MALFORMED, LIMIT_EXCEEDED
 */
export async function decompressFrame(frame: Frame): Promise<Frame> {
  if (frame.kind !== 'batch' && frame.kind !== 'dictionary') return frame
  const compressed = parseMessage(frame.header)
  if (compressed.kind === 'schema' || compressed.batch.compression === null) return frame
  if (compressed.batch.compression === 'zstd') await loadZstd()
  const { message, body } = decompress(compressed, frame.body)
  const header =
    message.kind === 'dictionary'
      ? encodeDictionary(message.id, message.isDelta, message.batch, message.bodyLength)
      : encodeBatch(message.batch, message.bodyLength)
  const { rows, kind, appMetadata } = frame
  return makeFrame(header, body, { rows, kind, appMetadata })
}

import type { Command } from 'commander'
import type { Frame } from '../../flight/index.ts'
import { SternaError } from '../errors.ts'
import { parseWhole } from './compact.ts'
import { type Format, formatOf, formatOption, STDOUT } from './formats.ts'
import { decompressFrame } from './decompress.ts'
import type { Preview as PreviewTable } from './preview.ts'
import { countOf, Progress } from './progress.ts'

/** Where the rows of `get` and `query` go. */
export interface OutputOptions {
  readonly output?: string
  readonly format?: Format
  readonly rows: number
}

/** Adds `--output`, `--format` and `--rows` to a command. */
export function addOutputOptions(command: Command): Command {
  return command
    .option(
      '--output <file>',
      `write to this file, or to standard output (${STDOUT}), rather than print a table`,
    )
    .addOption(formatOption('format of the output (default: by the name of the file)'))
    .option('--rows <count>', 'rows of the printed table, first and last', (text) => parseWhole(text, 0), 40)
}

/** What {@link deliver} delivers. */
export interface Delivery {
  /** The schema first. */
  readonly frames: AsyncIterable<Frame>
  /** What the progress is of. */
  readonly label: string
  /** Undefined where nobody knows. */
  readonly rowsExpected: number | undefined
}

/** Prints frames as a table, or writes them as a file. */
export async function deliver(
  { frames, label, rowsExpected }: Delivery,
  { output, format, rows }: OutputOptions,
): Promise<void> {
  const target = output ?? (format === undefined ? undefined : STDOUT)
  const fileFormat = target === undefined ? undefined : formatOf(target, format)
  const progress = new Progress(label, rowsExpected !== undefined)
  const counted = count(frames, progress, rowsExpected)
  try {
    if (target === undefined || fileFormat === undefined) {
      const lines = await preview(counted.frames, rows)
      progress.stop()
      console.log(lines.join('\n'))
    } else {
      // Loaded where it is needed, as is the table below: both bring large packages.
      const { writeOutput } = await import('./write-file.ts')
      await writeOutput(counted.frames, fileFormat, target)
      progress.stop()
      if (target !== STDOUT) process.stderr.write(`${target}: ${countOf(counted.rows(), 'row')}\n`)
    }
  } finally {
    progress.stop()
  }
}

async function preview(frames: AsyncIterable<Frame>, rowsMax: number): Promise<string[]> {
  const { Preview } = await import('./preview.ts')
  let table: PreviewTable | undefined
  for await (const sent of frames) {
    const frame = await decompressFrame(sent)
    if (frame.kind === 'schema') table = new Preview(frame, rowsMax)
    else table?.add(frame)
  }
  if (table === undefined) throw new SternaError('SCHEMA_MISSING', 'The server sent no schema')
  return table.render(process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY)
}

/** Passes frames through, and tells how many went. */
function count(frames: AsyncIterable<Frame>, progress: Progress, rowsExpected: number | undefined) {
  let rows = 0
  let bytes = 0
  async function* counting(): AsyncGenerator<Frame, void, undefined> {
    for await (const frame of frames) {
      rows += frame.rows
      bytes += frame.byteLength
      const share = rowsExpected === undefined ? undefined : Math.min(rows / Math.max(rowsExpected, 1), 1)
      progress.update({ rows, bytes, share })
      yield frame
    }
  }
  return { frames: counting(), rows: () => rows }
}

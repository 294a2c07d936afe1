import path from 'node:path'
import { Option } from 'commander'
import { CommandError } from './failure.ts'

/** File formats, and the endings of file names that mean each; the first format that fits is taken. */
const ENDINGS = {
  csv: ['.csv', '.tsv', '.csv.gz', '.tsv.gz'],
  parquet: ['.parquet', '.pq'],
  jsonl: ['.jsonl', '.ndjson', '.jsonl.gz', '.ndjson.gz'],
  arrow: ['.arrow', '.feather', '.ipc'],
  arrows: ['.arrows'],
} as const

/** `arrow`: the IPC file format, also known as Feather v2; `arrows`: the IPC stream format. */
export type Format = keyof typeof ENDINGS

/** What `--output` calls standard output. */
export const STDOUT = '-'

const FORMATS = Object.keys(ENDINGS) as Format[]

/** The option `--format`. */
export function formatOption(description: string): Option {
  return new Option('--format <format>', description).choices(FORMATS)
}

/**
 * The format of a file by its name.
 *
 * @throws CommandError USAGE when the ending is unknown and no `chosen` format says more
 */
export function formatOf(file: string, chosen: Format | undefined): Format {
  if (chosen !== undefined) return chosen
  const format = knownFormat(file)
  if (format !== undefined) return format
  const known = FORMATS.map((candidate) => ENDINGS[candidate][0]).join(', ')
  throw new CommandError(
    'USAGE',
    `The format of ${file} cannot be told by its name (${known}); give --format`,
  )
}

/** The format of a file by its name; undefined where the ending is unknown. */
export function knownFormat(file: string): Format | undefined {
  const name = path.basename(file).toLowerCase()
  return FORMATS.find((candidate) => ENDINGS[candidate].some((ending) => name.endsWith(ending)))
}

/** The name of a file without folder and the ending of its format: what a dataset made of it is called. */
export function keyOf(file: string): string {
  const name = path.basename(file)
  const endings = FORMATS.flatMap((format): readonly string[] => ENDINGS[format])
  const ending = endings
    .filter((candidate) => name.toLowerCase().endsWith(candidate))
    .reduce((longest, candidate) => (candidate.length > longest.length ? candidate : longest), '')
  return ending === '' ? path.parse(name).name : name.slice(0, -ending.length)
}

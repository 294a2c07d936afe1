import { SternaError, type ErrorCode } from '../errors.ts'

interface Rule {
  /** The class that DuckDB puts in front of its message: `Binder Error: …`. */
  readonly type: RegExp
  /** Narrows it by the message. */
  readonly text?: RegExp
  readonly code: ErrorCode
}

/** What DuckDB says of a Parquet file whose bytes are not what was written. Measured: 600 files with flipped bytes. */
const CORRUPT =
  /magic bytes|too small to be a Parquet|Failed to read file|decompression failure|TProtocol|Thrift|don't know what type|Out of buffer|corrupt|found in Parquet file/i

/** What it says where there is none. */
const MISSING = /^No files found that match the pattern/

/** First match wins. */
const RULES: readonly Rule[] = [
  { type: /^INTERRUPT$/, code: 'CANCELLED' },
  { type: /./, text: /No space left|Disk quota exceeded/, code: 'DISK_FULL' },
  // Nothing may spill where the disk was full at the first spill.
  { type: /^Out of Memory$/, text: /\/0 bytes used\)/, code: 'DISK_FULL' },
  { type: /^Out of Memory$/, code: 'LIMIT_EXCEEDED' },
  { type: /^(Invalid Input|Invalid|IO|Serialization)$/, text: CORRUPT, code: 'DATA_CORRUPT' },
  { type: /^IO$/, text: MISSING, code: 'DATA_CORRUPT' },
  { type: /^IO$/, code: 'DISK_FAILED' },
  {
    type: /^(Parser|Syntax|Binder|Catalog|Parameter Not Resolved|Parameter Not Allowed|Expression)$/,
    code: 'SQL_INVALID',
  },
  { type: /^Invalid Input$/, text: /^Cannot prepare|^Values were not provided/, code: 'SQL_INVALID' },
  { type: /^Permission$/, code: 'SQL_FORBIDDEN' },
  { type: /^Not implemented$/, code: 'NOT_IMPLEMENTED' },
  {
    type: /^(Conversion|Out of Range|Invalid Input|Invalid|Constraint|Decimal|Divide by Zero|Mismatch Type|Sequence)$/,
    code: 'SQL_FAILED',
  },
]

/**
 * What DuckDB throws as a {@link SternaError}, its message without directories, SQL excerpts and row values.
 * Anything that does not look like a DuckDB error goes through {@link SternaError.from}.
 *
 * @param memoryName - what has the limit of memory
 */
export function mapDuckError(error: unknown, memoryName = 'the limit of SQL'): SternaError {
  if (error instanceof SternaError || !(error instanceof Error)) return SternaError.from(error)
  const match = /^([A-Z][A-Za-z ]*?) Error: ([\s\S]*)$/.exec(error.message)
  if (match === null) return SternaError.from(error)
  const [, type = '', text = ''] = match
  const code = RULES.find((rule) => rule.type.test(type) && (rule.text?.test(text) ?? true))?.code ?? 'BUG'
  return new SternaError(code, clientMessage(code, text, memoryName), { cause: error })
}

/** True where DuckDB failed inside: it then takes no further statement, so that its memory and files stay as they are. */
export function spoilsInstance(error: SternaError): boolean {
  return error.cause instanceof Error && /^(INTERNAL|FATAL) Error: /.test(error.cause.message)
}

/** True where memory or disk was short. */
export function lacksRoom({ code }: SternaError): boolean {
  return code === 'LIMIT_EXCEEDED' || code === 'DISK_FULL' || code === 'DISK_FAILED'
}

function clientMessage(code: ErrorCode, text: string, memoryName: string): string {
  switch (code) {
    case 'CANCELLED':
      return 'The query was cancelled'
    case 'DISK_FULL':
      return 'The disk of the data directory is full'
    case 'DISK_FAILED':
      return 'A file of the data directory cannot be read or written'
    case 'DATA_CORRUPT':
      return `${partOf(text)} ${MISSING.test(text) ? 'is missing' : 'cannot be read as Parquet'}`
    case 'BUG':
      return 'Internal error'
    case 'LIMIT_EXCEEDED':
      return `The query needs more memory than ${memoryName} allows`
    case 'SQL_FAILED':
      return withoutValues(withoutDirectories(withoutExcerpt(text)))
    default:
      return withoutDirectories(withoutExcerpt(text))
  }
}

/** The part that an error is of, where it says so. */
function partOf(text: string): string {
  const [, name] = /([^/\\"'\s]+\.parquet)\b/.exec(withoutExcerpt(text)) ?? []
  return name === undefined ? 'A part' : `Part ${name}`
}

/** DuckDB quotes the SQL after its message: ours, with paths, not the client's. */
function withoutExcerpt(text: string): string {
  return text.replace(/\n+LINE \d+:[\s\S]*$/, '').replace(/[.!\s]+$/, '')
}

function withoutDirectories(text: string): string {
  const local = text
    .replace(/(["'])\/(?:[^"'\n]*\/)?/g, '$1')
    .replace(/(^|[\s=(,[])\/(?:[^\s/"',\])]+\/)+/g, '$1')
  return local.replace(/\b[a-z][a-z0-9+.-]*:\/\/[^\s"']*\//g, '')
}

/** The lines after the first quote the value again. */
function withoutValues(text: string): string {
  const [line = ''] = text.split('\n')
  return line.replace(/"[^"\n]*"|'[^'\n]*'/g, '…').replace(/\bvalue -?[\d.e+]+/g, 'value …')
}

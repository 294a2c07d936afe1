import {
  type CommandStatementIngest,
  datasetRef,
  type DatasetRef,
  decodeFlightData,
  frameFromFlightData,
  messages,
  TableExistsOption,
  TableNotExistOption,
} from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import { type OptionsPatch, parseOptions } from '../../store/options.ts'
import type { Lake } from '../../store/parts.ts'
import type { PutMode, PutSession } from '../../store/put-session.ts'
import type { LakeTransaction } from '../../store/transaction/lake-transaction.ts'
import { TEMPORARY_SCHEMA } from '../../store/transaction/session-lake.ts'
import type { Services } from '../services.ts'
import type { PutCommand } from './command.ts'
import { CATALOG, DEFAULT_SCHEMA } from './names.ts'
import { statementOptions } from './session-options.ts'

const { typeName } = messages.CommandStatementIngest

/**
 * Stores a stream of batches as a table, or adds them to one, as one commit.
 *
 * @throws SternaError DATASET_EXISTS, DATASET_NOT_FOUND, SCHEMA_MISMATCH, REQUEST_INVALID, NOT_IMPLEMENTED by name,
 * and whatever a put throws
 */
export const statementIngest: PutCommand = {
  typeName,
  async put(value, requests, services, context) {
    const command = messages.CommandStatementIngest.decode(value)
    assertCatalog(command)
    const session = services.sql.sessions.find(context)
    const named = command.schema === '' ? null : command.schema
    const schema = named ?? statementOptions(session).schema ?? DEFAULT_SCHEMA
    const isTemporary = command.temporary
    const ref = datasetRef(isTemporary ? TEMPORARY_SCHEMA : schema, command.table, 'DESCRIPTOR_MALFORMED')
    const transaction = isTemporary
      ? services.sql.temporaryOf(context, true)
      : transactionOf(command, services)
    const mode = modeOf(command, ref, transaction ?? services.store)
    const options = optionsOf(command)
    if (transaction !== null && command.options.size > 0) {
      throw new SternaError(
        'REQUEST_INVALID',
        'Options of a dataset are for an ingestion that is a commit of its own: neither temporary nor in a transaction',
      )
    }
    let put: PutSession | undefined
    let rows = 0
    try {
      for await (const message of requests) {
        const frame = frameFromFlightData(decodeFlightData(message))
        if (frame.kind === 'metadata') continue
        if (put !== undefined) {
          await put.write(frame)
          rows += frame.rows
        } else if (frame.kind === 'schema') {
          put =
            transaction === null
              ? services.store.beginPut(ref, mode, frame, options)
              : transaction.beginPut(ref, mode, frame)
        } else throw new SternaError('SCHEMA_MISSING', `A ${frame.kind} came before the schema`)
      }
      if (put === undefined) {
        throw new SternaError('SCHEMA_MISSING', 'The stream ended before a schema came')
      }
      await put.commit(context.confirmed())
    } catch (error) {
      await put?.abort()
      throw error
    }
    if (transaction === null) services.sql.hasWritten(context)
    if (isTemporary) transaction?.refresh()
    return messages.DoPutUpdateResult.encode({ recordCount: rows })
  },
}

function assertCatalog({ catalog }: CommandStatementIngest): void {
  if (catalog !== null && catalog !== '' && catalog !== CATALOG) {
    throw new SternaError(
      'REQUEST_INVALID',
      `There is no catalog "${catalog.slice(0, 100)}"; the one is "${CATALOG}"`,
    )
  }
}

/** What the dataset is told, as docs/datasets.md has it. A value is JSON, or else a text. */
function optionsOf({ options }: CommandStatementIngest): OptionsPatch {
  return parseOptions(Object.fromEntries([...options].map(([name, value]) => [name, valueOf(value)])))
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** The transaction that the rows are for; null where they are a commit of their own. */
function transactionOf({ transactionId }: CommandStatementIngest, { sql }: Services): LakeTransaction | null {
  const isNamed = transactionId !== null && transactionId.byteLength > 0
  return isNamed ? sql.transactions.get(transactionId) : null
}

/** @throws SternaError DATASET_NOT_FOUND */
function assertExists(lake: Lake, ref: DatasetRef): void {
  const pinned = lake.pin()
  try {
    if (pinned.resolve(ref) !== undefined) return
    throw new SternaError('DATASET_NOT_FOUND', `There is no dataset "${ref.key}"`)
  } finally {
    pinned.release()
  }
}

/** Spec: what to do where the table exists, and where it does not; the two are independent. */
function modeOf(command: CommandStatementIngest, ref: DatasetRef, lake: Lake): PutMode {
  const { ifExists, ifNotExist } = command.tableDefinitionOptions ?? {
    ifExists: TableExistsOption.TABLE_EXISTS_OPTION_UNSPECIFIED,
    ifNotExist: TableNotExistOption.TABLE_NOT_EXIST_OPTION_UNSPECIFIED,
  }
  if (ifNotExist === TableNotExistOption.TABLE_NOT_EXIST_OPTION_FAIL) assertExists(lake, ref)
  switch (ifExists) {
    case TableExistsOption.TABLE_EXISTS_OPTION_APPEND:
      return 'append'
    case TableExistsOption.TABLE_EXISTS_OPTION_REPLACE:
      return 'replace'
    case TableExistsOption.TABLE_EXISTS_OPTION_FAIL:
    case TableExistsOption.TABLE_EXISTS_OPTION_UNSPECIFIED:
      return 'create'
    default:
      throw new SternaError(
        'REQUEST_INVALID',
        `Ingestion knows no option ${ifExists} for a table that exists`,
      )
  }
}

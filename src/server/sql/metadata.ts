import {
  type ArrowType,
  batchOf,
  type ColumnValue,
  encodeSchema,
  encodeTicket,
  type Field,
  type Schema,
} from '../../../flight/index.ts'
import { schemaFrame } from '../read.ts'
import type { Readable } from './command.ts'

export const UTF8: ArrowType = { kind: 'utf8' }
export const BOOL: ArrowType = { kind: 'bool' }
export const INT32: ArrowType = { kind: 'int', bitWidth: 32, signed: true }
export const INT64: ArrowType = { kind: 'int', bitWidth: 64, signed: true }

/** A column of a metadata result that may be null. */
export function nullable(name: string, type: ArrowType, children: readonly Field[] = []): Field {
  return { name, type, nullable: true, children, dictionary: null, metadata: new Map() }
}

/** A column of a metadata result that is never null. */
export function required(name: string, type: ArrowType, children: readonly Field[] = []): Field {
  return { ...nullable(name, type, children), nullable: false }
}

export function schemaOf(...fields: Field[]): Schema {
  return { fields, metadata: new Map() }
}

/**
 * A metadata command as a read: its rows are made when they are asked for, its ticket is the command itself.
 *
 * @param command - as the client sent it
 */
export function metadataRead(
  command: { readonly typeName: string; readonly value: Uint8Array },
  schema: Schema,
  rows: () => readonly (readonly ColumnValue[])[] | Promise<readonly (readonly ColumnValue[])[]>,
): Readable {
  const schemaHeader = encodeSchema(schema)
  const ticket = encodeTicket({ kind: 'flight-sql', ...command })
  return {
    describe: async () => ({ schemaHeader, rows: -1, bytes: -1, isOrdered: true, ticket }),
    open: async () => {
      const found = await rows()
      const frames = [schemaFrame(schemaHeader)]
      for (let start = 0; start < found.length; start += BATCH_ROWS) {
        frames.push(batchOf(schema, found.slice(start, start + BATCH_ROWS)))
      }
      return { frames }
    },
  }
}

/** Schemas of tables have some kilobytes each, and many clients refuse messages over 4 MiB. */
const BATCH_ROWS = 500

import { type ArrowType, messages } from '../../../flight/index.ts'
import type { ReadCommand } from './command.ts'
import { BOOL, INT32, metadataRead, nullable, required, schemaOf, UTF8 } from './metadata.ts'
import { SQL_INFO } from './sql-info.ts'

const { typeName } = messages.CommandGetSqlInfo

const LIST: ArrowType = { kind: 'list' }
const UNION: ArrowType = { kind: 'union', mode: 'dense', typeIds: [0, 1, 2, 3, 4, 5] }

const SCHEMA = schemaOf(
  required('info_name', { kind: 'int', bitWidth: 32, signed: false }),
  required('value', UNION, [
    required('string_value', UTF8),
    required('bool_value', BOOL),
    required('bigint_value', { kind: 'int', bitWidth: 64, signed: true }),
    required('int32_bitmask', INT32),
    required('string_list', LIST, [nullable('item', UTF8)]),
    required('int32_to_int32_list_map', { kind: 'map', keysSorted: false }, [
      required('entries', { kind: 'struct' }, [
        required('key', INT32),
        nullable('value', LIST, [nullable('item', INT32)]),
      ]),
    ]),
  ]),
)

/** Facts of the server by their ids, all of them where none is named; ids that it does not know are left out. */
export const getSqlInfo: ReadCommand = {
  typeName,
  read(value) {
    const { info } = messages.CommandGetSqlInfo.decode(value)
    return metadataRead({ typeName, value }, SCHEMA, () =>
      [...SQL_INFO].filter(([id]) => info.length === 0 || info.includes(id)),
    )
  },
}

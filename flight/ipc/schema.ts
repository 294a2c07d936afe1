/** The door to Arrow schemas: their types, reading, writing and comparing. */
export type { ArrowType, DictionaryEncoding, Field, IntType, Schema, TimeUnit } from './types.ts'
export { schemasEqual } from './schema-equality.ts'
export { parseSchema } from './schema-reader.ts'
export { encodeSchema } from './schema-writer.ts'

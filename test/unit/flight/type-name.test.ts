/**
 * Goal: a person can read what type a field has.
 * Method: fields of golden streams by the names that Arrow's own tools give them.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSchema, typeName } from '../../../flight/index.ts'
import { goldenFrames } from './golden.ts'

const names = {
  uint16: 'uint16',
  float64: 'float64',
  large_utf8: 'large_utf8',
  fixed_size_binary: 'fixed_size_binary[3]',
  decimal128: 'decimal128(38, 3)',
  date32: 'date32',
  date64: 'date64',
  time64_us: 'time64[us]',
  timestamp_ns: 'timestamp[ns]',
  timestamp_zone: 'timestamp[us, tz=America/New_York]',
  duration_ms: 'duration[ms]',
  interval_month_day_nano: 'interval[month_day_nano]',
  list: 'list<item: int16>',
  fixed_size_list: 'fixed_size_list[3]<item: float64>',
  struct: 'struct<a: int32 not null, b: utf8>',
  dense_union: 'dense_union<n: int64, w: utf8>',
  dictionary_uint8: 'dictionary<values=utf8, indices=uint8>',
}

test('every kind of type has a name', async () => {
  for (const [golden, name] of Object.entries(names)) {
    const [frame] = await goldenFrames(golden)
    assert.ok(frame)
    const [field] = parseSchema(frame.header).fields
    assert.ok(field)
    assert.equal(typeName(field), name)
    if (field.dictionary === null) continue
    const ordered = { ...field, dictionary: { ...field.dictionary, isOrdered: true } }
    assert.equal(typeName(ordered), 'dictionary<values=utf8, indices=uint8, ordered>')
  }
})

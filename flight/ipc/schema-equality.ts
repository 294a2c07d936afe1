import type { ArrowType, Field, Schema } from './types.ts'

/**
 * True where two schemas name the same columns of the same types in the same order.
 *
 * @param options - with `metadata: false` (the default is true) key-value metadata may differ, of fields too.
 * Dictionary ids never count: they only tie a stream's messages together.
 */
export function schemasEqual(a: Schema, b: Schema, options?: { metadata: boolean }): boolean {
  const metadata = options?.metadata ?? true
  if (metadata && !isSameMap(a.metadata, b.metadata)) return false
  return isSameList(a.fields, b.fields, (x, y) => isSameField(x, y, metadata))
}

/** True where two fields have the same name, type, nullability and children. */
function isSameField(a: Field, b: Field, metadata: boolean): boolean {
  return (
    a.name === b.name &&
    a.nullable === b.nullable &&
    (!metadata || isSameMap(a.metadata, b.metadata)) &&
    isSameDictionary(a, b) &&
    isSameValueType(a, b, metadata)
  )
}

/** True where the values of two fields are of one type, whatever the fields are called. */
export function isSameValueType(a: Field, b: Field, metadata = false): boolean {
  return (
    isSameType(a.type, b.type) && isSameList(a.children, b.children, (x, y) => isSameField(x, y, metadata))
  )
}

function isSameDictionary(a: Field, b: Field): boolean {
  if (a.dictionary === null || b.dictionary === null) return a.dictionary === b.dictionary
  return (
    isSameType(a.dictionary.indexType, b.dictionary.indexType) &&
    a.dictionary.isOrdered === b.dictionary.isOrdered
  )
}

/** Types are flat records of scalars, but for the ids of a union. */
function isSameType(a: ArrowType, b: ArrowType): boolean {
  const left = Object.entries(a) as [string, unknown][]
  const right = new Map<string, unknown>(Object.entries(b))
  if (left.length !== right.size) return false
  return left.every(([name, value]) => {
    const other = right.get(name)
    return Array.isArray(value) && Array.isArray(other)
      ? isSameList(value, other, Object.is)
      : value === other
  })
}

function isSameMap(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  if (a.size !== b.size) return false
  for (const [key, value] of a) if (b.get(key) !== value) return false
  return true
}

function isSameList<T>(a: readonly T[], b: readonly T[], isSame: (x: T, y: T) => boolean): boolean {
  if (a.length !== b.length) return false
  return a.every((item, index) => {
    const other = b[index]
    return other !== undefined && isSame(item, other)
  })
}

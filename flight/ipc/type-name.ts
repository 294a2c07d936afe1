import type { ArrowType, Field } from './schema.ts'

/** The type of a field as a person writes it: `timestamp[us, tz=UTC]`, `dictionary<values=utf8, indices=int32>`. */
export function typeName(field: Field): string {
  const name = valueTypeName(field)
  if (field.dictionary === null) return name
  const { indexType, isOrdered } = field.dictionary
  return `dictionary<values=${name}, indices=${intName(indexType)}${isOrdered ? ', ordered' : ''}>`
}

function valueTypeName({ type, children }: Field): string {
  const inner = children.map(
    (child) => `${child.name}: ${typeName(child)}${child.nullable ? '' : ' not null'}`,
  )
  switch (type.kind) {
    case 'int':
      return intName(type)
    case 'float':
      return `float${type.bitWidth}`
    case 'fixedSizeBinary':
      return `fixed_size_binary[${type.byteWidth}]`
    case 'decimal':
      return `decimal${type.bitWidth}(${type.precision}, ${type.scale})`
    case 'date':
      return type.unit === 'day' ? 'date32' : 'date64'
    case 'time':
      return `time${type.bitWidth}[${type.unit}]`
    case 'timestamp':
      return type.timezone === null
        ? `timestamp[${type.unit}]`
        : `timestamp[${type.unit}, tz=${type.timezone}]`
    case 'duration':
      return `duration[${type.unit}]`
    case 'interval':
      return `interval[${snakeCase(type.unit)}]`
    case 'fixedSizeList':
      return `fixed_size_list[${type.listSize}]<${inner.join(', ')}>`
    case 'union':
      return `${type.mode}_union<${inner.join(', ')}>`
    default:
      return inner.length === 0 ? snakeCase(type.kind) : `${snakeCase(type.kind)}<${inner.join(', ')}>`
  }
}

function intName(type: Extract<ArrowType, { kind: 'int' }>): string {
  return `${type.signed ? '' : 'u'}int${type.bitWidth}`
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

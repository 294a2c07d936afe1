import type { ArrowType, Field, Schema } from '../../../flight/index.ts'
import type { CallContext } from '../call.ts'

/**
 * The types of a statement's parameters as its client should send them: as DuckDB expects them, but for Java.
 *
 * The JDBC driver writes times and timestamps as milliseconds into vectors of whatever unit it is told, so that
 * 2026-02-03 would arrive as 1970-01-21; told milliseconds, it is right. Source: apache/arrow-java issue 838.
 */
export function parameterSchema(parameters: Schema, { metadata }: CallContext): Schema {
  const isJava = metadata.get('user-agent').some((agent) => String(agent).includes('grpc-java'))
  return isJava ? { ...parameters, fields: parameters.fields.map(inMilliseconds) } : parameters
}

function inMilliseconds(field: Field): Field {
  return { ...field, type: millisecondsOf(field.type), children: field.children.map(inMilliseconds) }
}

function millisecondsOf(type: ArrowType): ArrowType {
  if (type.kind === 'timestamp') return { ...type, unit: 'ms' }
  return type.kind === 'time' ? { kind: 'time', unit: 'ms', bitWidth: 32 } : type
}

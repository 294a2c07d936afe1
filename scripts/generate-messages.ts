/**
 * Makes descriptors, message-types and enums in flight/codec/ from flight/proto/, so that the field numbers stand
 * in one place and nothing has to be parsed at start.
 *
 * Run: `npx tsx scripts/generate-messages.ts`; with `--check` it writes nothing and exits 1 where a file differs.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { format } from 'prettier'
import protobuf from 'protobufjs'

/** The sources, also when this runs from `dist/scripts`. */
const flightDir = new URL(
  import.meta.url.includes('/dist/scripts/') ? '../../flight/' : '../flight/',
  import.meta.url,
)
const protoFiles = ['Flight.proto', 'FlightSql.proto']
/** What the .proto files import or carry, under the names that protobuf gives them. */
const wellKnown = `
syntax = "proto3";
package google.protobuf;
message Timestamp { int64 seconds = 1; int32 nanos = 2; }
message Any { string type_url = 1; bytes value = 2; }
`
const header = '// Made by scripts/generate-messages.ts from flight/proto/; do not edit.\n\n'

/** The generated files by their path under flight/, formatted. The same input gives the same bytes. */
export async function generateMessages(): Promise<Map<string, string>> {
  const root = new protobuf.Root()
  protobuf.parse(wellKnown, root)
  for (const name of protoFiles) {
    protobuf.parse(readFileSync(new URL(`proto/${name}`, flightDir), 'utf8'), root)
  }
  root.resolveAll()
  const types: protobuf.Type[] = []
  const enums: protobuf.Enum[] = []
  collect(root, types, enums)
  assertUnique([...types, ...enums].map(localName))
  const files = new Map<string, string>()
  files.set('codec/descriptors.ts', await pretty(descriptorsSource(root)))
  files.set('codec/message-types.ts', await pretty(typesSource(types)))
  files.set('codec/enums.ts', await pretty(enumsSource(enums)))
  return files
}

function descriptorsSource(root: protobuf.Root): string {
  const doc = '/** The messages of flight/proto/ as protobufjs reads them. */\n'
  return `${header}${doc}export const descriptors = ${JSON.stringify(root.toJSON(), null, 2)}\n`
}

function enumsSource(enums: readonly protobuf.Enum[]): string {
  const parts = enums.map((item) => {
    const doc = `/** ${item.fullName.slice(1)} */\n`
    return `${doc}export const ${localName(item)} = ${JSON.stringify(item.values, null, 2)} as const\n`
  })
  return header + parts.join('\n')
}

function typesSource(types: readonly protobuf.Type[]): string {
  const interfaces = types.map((type) => {
    const doc = `/** ${type.fullName.slice(1)} */\n`
    if (type.fieldsArray.length === 0) return `${doc}export type ${localName(type)} = Record<string, never>\n`
    const fields = type.fieldsArray.map((field) => `  ${field.name}: ${fieldType(field)}\n`)
    return `${doc}export interface ${localName(type)} {\n${fields.join('')}}\n`
  })
  const map = types.map((type) => `  ${localName(type)}: ${localName(type)}\n`)
  const names = types.map((type) => `  ${localName(type)}: '${type.fullName.slice(1)}',\n`)
  return [
    header,
    interfaces.join('\n'),
    `\n/** Every message by its name here. */\nexport interface MessageMap {\n${map.join('')}}\n`,
    `\n/** The full protobuf name of every message. */\nexport const MESSAGE_NAMES = {\n${names.join('')}} as const\n`,
  ].join('')
}

function fieldType(field: protobuf.Field): string {
  const base = valueType(field)
  if (field instanceof protobuf.MapField) return `Map<string, ${base}>`
  if (field.repeated) return `${base}[]`
  const isMessage = field.resolvedType instanceof protobuf.Type
  return isMessage || field.hasPresence ? `${base} | null` : base
}

function valueType(field: protobuf.Field): string {
  if (field.resolvedType instanceof protobuf.Type) return localName(field.resolvedType)
  if (field.resolvedType instanceof protobuf.Enum) return 'number'
  switch (field.type) {
    case 'string':
      return 'string'
    case 'bytes':
      return 'Uint8Array'
    case 'bool':
      return 'boolean'
    case 'sfixed64':
      // A client's own value; int64 elsewhere counts rows, bytes or seconds and fits a number.
      return 'bigint'
    case 'int64':
    case 'uint64':
    case 'int32':
    case 'uint32':
    case 'double':
      return 'number'
    default:
      throw new Error(`No TypeScript type for ${field.type} of ${field.fullName}`)
  }
}

/** A nested name of two words or more stands alone; `Status` and `Error` take their parent's name in front. */
function localName(item: protobuf.ReflectionObject): string {
  const words = item.name.match(/[A-Z][a-z0-9]*/g) ?? []
  const isNested = item.parent instanceof protobuf.Type
  return isNested && words.length < 2 ? `${item.parent?.name ?? ''}${item.name}` : item.name
}

function collect(namespace: protobuf.NamespaceBase, types: protobuf.Type[], enums: protobuf.Enum[]): void {
  for (const item of namespace.nestedArray) {
    if (item instanceof protobuf.Enum) enums.push(item)
    if (item instanceof protobuf.Type) types.push(item)
    if (item instanceof protobuf.Namespace) collect(item, types, enums)
  }
}

function assertUnique(names: readonly string[]): void {
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name)) throw new Error(`Two messages are named ${name}`)
    seen.add(name)
  }
}

function pretty(source: string): Promise<string> {
  return format(source, { parser: 'typescript', semi: false, singleQuote: true, printWidth: 110 })
}

async function main(): Promise<void> {
  const isCheck = process.argv.includes('--check')
  for (const [path, source] of await generateMessages()) {
    const url = new URL(path, flightDir)
    if (!isCheck) {
      writeFileSync(url, source)
    } else if (readFileSync(url, 'utf8') !== source) {
      console.error(
        `flight/${path} differs from what flight/proto/ gives: run npx tsx scripts/generate-messages.ts`,
      )
      process.exitCode = 1
    }
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main()

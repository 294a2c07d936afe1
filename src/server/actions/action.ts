import { isUtf8 } from 'node:buffer'
import { z } from 'zod'
import {
  type DatasetRef,
  isDeeplyNested,
  type MessageCodec,
  type MessageInput,
  type MessageMap,
  messages,
  parseTicket,
} from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import type { CallContext } from '../call.ts'
import type { Services } from '../services.ts'

/** One DoAction type. */
export interface Action {
  readonly type: string
  /** What goes in and what comes out, for ListActions. */
  readonly description: string
  /** @param body - borrowed; @returns the bodies of the results, in order */
  run(body: Uint8Array, services: Services, context: CallContext): AsyncIterable<Uint8Array>
}

/** Actions of the specification whose request and result are messages of their name. */
type MessageAction = 'SetSessionOptions' | 'GetSessionOptions' | 'CloseSession' | 'CancelFlightInfo'

/** An action of the specification, which takes one message and answers with one. */
export function messageAction<T extends MessageAction>(
  type: T,
  description: string,
  answer: (
    request: MessageMap[`${T}Request`],
    services: Services,
    context: CallContext,
  ) => MessageInput<MessageMap[`${T}Result`]> | Promise<MessageInput<MessageMap[`${T}Result`]>>,
): Action {
  const request: MessageCodec<MessageMap[`${T}Request`]> = messages[`${type}Request`]
  const result: MessageCodec<MessageMap[`${T}Result`]> = messages[`${type}Result`]
  return {
    type,
    description: `${description}. In: ${type}Request. Out: ${type}Result`,
    async *run(body, services, context) {
      yield result.encode(await answer(request.decode(body), services, context))
    },
  }
}

/** An action that answers with one JSON value. */
export function jsonAction(
  type: string,
  description: string,
  answer: (body: Uint8Array, services: Services, context: CallContext) => unknown,
): Action {
  return {
    type,
    description,
    async *run(body, services, context) {
      yield Buffer.from(JSON.stringify(await answer(body, services, context)))
    },
  }
}

/**
 * A JSON body as the action's schema wants it. An empty body is `{}`.
 *
 * @throws REQUEST_INVALID naming the action and each field that is wrong or unknown
 */
export function parseBody<T>(type: string, schema: z.ZodType<T>, body: Uint8Array): T {
  const text = textOf(type, body)
  let value: unknown
  try {
    value = text === '' ? {} : JSON.parse(text)
  } catch {
    throw new SternaError('REQUEST_INVALID', `The body of action "${type}" is no JSON`)
  }
  if (isDeeplyNested(value))
    throw new SternaError('REQUEST_INVALID', `The body of action "${type}" is nested too deeply`)
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(({ path, message }) => [...path, message].join(': '))
  throw new SternaError('REQUEST_INVALID', `The body of action "${type}" is wrong: ${problems.join('; ')}`)
}

const keyFields = { key: z.string(), schema: z.string().optional() }

/** The body of actions on one dataset: `{"key", "schema"?}`, or the bare key. */
export function parseKeyBody(type: string, body: Uint8Array): DatasetRef {
  return parseKeyBodyWith(type, body, {}).dataset
}

/** As {@link parseKeyBody}, with further fields where the body is JSON. */
export function parseKeyBodyWith<S extends z.ZodRawShape>(
  type: string,
  body: Uint8Array,
  fields: S,
): { dataset: DatasetRef; options: Partial<z.infer<z.ZodObject<S>>> } {
  if (body[0] !== '{'.charCodeAt(0)) return { dataset: datasetOf(type, body), options: {} }
  const parsed = parseBody(type, z.strictObject({ ...keyFields, ...fields }), body) as Record<string, unknown>
  const { key, schema, ...options } = parsed
  const dataset = datasetOf(type, Buffer.from(JSON.stringify({ key, schema })))
  return { dataset, options: options as Partial<z.infer<z.ZodObject<S>>> }
}

/** Goes through the ticket parser, so that a key is checked in one place. */
function datasetOf(type: string, bytes: Uint8Array): DatasetRef {
  const request = parseTicket(bytes)
  if (request.kind !== 'dataset') throw new SternaError('REQUEST_INVALID', `Action "${type}" takes a key`)
  return request.dataset
}

/** The body of actions on SQL: the text itself, or `{"sql", "parameters"?, …}`. */
export function parseSqlBody<S extends z.ZodRawShape>(
  type: string,
  body: Uint8Array,
  fields: S,
): { sql: string; parameters?: z.infer<typeof parametersSchema> } & Partial<z.infer<z.ZodObject<S>>> {
  if (body[0] !== '{'.charCodeAt(0)) return { sql: textOf(type, body) } as never
  const schema = z.strictObject({ sql: z.string(), parameters: parametersSchema.optional(), ...fields })
  return parseBody(type, schema, body) as never
}

function textOf(type: string, body: Uint8Array): string {
  if (!isUtf8(body)) throw new SternaError('REQUEST_INVALID', `The body of action "${type}" is not UTF-8`)
  return Buffer.from(body).toString('utf8')
}

const jsonSchema = z.json()
const parametersSchema = z.union([z.array(jsonSchema), z.record(z.string(), jsonSchema)])

import { SternaError } from '../../errors.ts'
import { GRAMMAR, type Content, type Family } from './grammar.ts'

/** One object of the parse tree. */
export type Node = Readonly<Record<string, unknown>>

/** A fault of a statement that DuckDB's parser found, with its place where it tells one. */
export interface ParseFault {
  readonly message: string
  readonly place?: {
    readonly offset: number
    /** The scanner counts characters of Unicode, what comes after it bytes of UTF-8. */
    readonly unit: 'characters' | 'bytes'
  }
}

/** What `json_serialize_sql` says about a text. */
export type ParseResult =
  | { readonly kind: 'statements'; readonly statements: readonly Node[] }
  | { readonly kind: 'not-select' }
  | { readonly kind: 'fault'; readonly fault: ParseFault }

/** Reads the output of `json_serialize_sql`. */
export function readParseResult(json: string): ParseResult {
  let result: unknown
  try {
    result = JSON.parse(json)
  } catch {
    // A number beyond a double stands as `Infinity` in the tree, which is no JSON.
    return { kind: 'fault', fault: { message: 'a number is too large' } }
  }
  if (!isNode(result)) throw new SternaError('BUG', 'The parser of SQL gave no object')
  if (result['error'] !== true) return { kind: 'statements', statements: nodesOf(result, 'statements') }
  const message = stringOf(result, 'error_message')
  if (message.startsWith('Only SELECT statements')) return { kind: 'not-select' }
  const offset = Number.parseInt(stringOf(result, 'position'), 10)
  if (Number.isNaN(offset)) return { kind: 'fault', fault: { message } }
  const unit = stringOf(result, 'error_subtype') === 'SYNTAX_ERROR' ? 'characters' : 'bytes'
  return { kind: 'fault', fault: { message, place: { offset, unit } } }
}

/** Where the names of common table expressions are looked up: the innermost WITH first. */
export class Scope {
  readonly #names = new Set<string>()
  readonly #outer: Scope | undefined

  constructor(outer?: Scope) {
    this.#outer = outer
  }

  /** @param schema - empty but for `recurring`, the one schema that common table expressions have. */
  add(schema: string, name: string): this {
    this.#names.add(scopeKey(schema, name))
    return this
  }

  has(schema: string, name: string): boolean {
    return this.#has(scopeKey(schema, name))
  }

  #has(key: string): boolean {
    return this.#names.has(key) || (this.#outer !== undefined && this.#outer.#has(key))
  }
}

function scopeKey(schema: string, name: string): string {
  return foldName(`${schema}\0${name}`)
}

/** Names are compared as DuckDB does it: only the letters of ASCII have a case. */
export function foldName(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

/** Called for every node of a family with members, before its children; false leaves the children out. */
export type Visitor = (family: Family, member: string, node: Node, scope: Scope) => boolean

/**
 * Visits every node of a statement with the common table expressions that it can see. They are scoped as the
 * binder of DuckDB 1.5 does it: each is seen by those after it in its WITH and by the node that has the WITH,
 * itself only by the second half of a recursive one.
 *
 * @throws {@link SternaError} SQL_FORBIDDEN for a node or field that GRAMMAR does not list.
 */
export function walk(content: Content, value: unknown, scope: Scope, visit: Visitor): void {
  if (content === 'leaf' || value === null || value === undefined) return
  if (content.endsWith('[]')) {
    if (!Array.isArray(value)) throw unknownForm(content)
    for (const item of value) walk(content.slice(0, -2) as Content, item, scope, visit)
    return
  }
  if (!isNode(value)) throw unknownForm(content)
  walkNode(content as Family, value, scope, visit)
}

function walkNode(family: Family, node: Node, scope: Scope, visit: Visitor): void {
  const { tag, fields, members } = GRAMMAR[family]
  let memberFields: Readonly<Record<string, Content>> | undefined
  let member = ''
  if (tag !== undefined) {
    member = stringOf(node, tag)
    if (members !== undefined && Object.hasOwn(members, member)) memberFields = members[member]
    if (memberFields === undefined) throw unknownForm(member)
    if (!visit(family, member, node, scope)) return
  }
  const inner = family === 'query' ? walkCtes(node, scope, visit) : scope
  for (const [name, value] of Object.entries(node)) {
    const content = ownField(fields, name) ?? ownField(memberFields, name)
    if (content === undefined) throw unknownForm(`${member || family}.${name}`)
    if (content === 'ctes') continue
    const isRecursion = member === 'RECURSIVE_CTE_NODE' && name === 'right'
    walk(content, value, isRecursion ? recursionScope(node, inner) : inner, visit)
  }
}

function walkCtes(node: Node, outer: Scope, visit: Visitor): Scope {
  const map = nodeOf(node, 'cte_map')
  const entries = map === undefined ? [] : nodesOf(map, 'map')
  if (entries.length === 0) return outer
  const scope = new Scope(outer)
  for (const entry of entries) {
    walkNode('cteEntry', entry, scope, visit)
    scope.add('', stringOf(entry, 'key'))
  }
  return scope
}

/** `recurring.t` is the whole of what a recursive `t` with USING KEY has so far. */
function recursionScope(node: Node, outer: Scope): Scope {
  const name = stringOf(node, 'cte_name')
  return new Scope(outer).add('', name).add('recurring', name)
}

function ownField(fields: Readonly<Record<string, Content>> | undefined, name: string): Content | undefined {
  return fields !== undefined && Object.hasOwn(fields, name) ? fields[name] : undefined
}

function unknownForm(name: string): SternaError {
  return new SternaError('SQL_FORBIDDEN', `The statement has a form that is not allowed (${name})`)
}

/** True for an object that is no array. */
export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The text of a field; empty where the field is not there. */
export function stringOf(node: Node, name: string): string {
  const value = node[name]
  return typeof value === 'string' ? value : ''
}

/** The nodes of a list field; none where the field is not there. */
export function nodesOf(node: Node, name: string): Node[] {
  const value = node[name]
  return Array.isArray(value) ? value.filter(isNode) : []
}

/** The node of a field, if there is one. */
export function nodeOf(node: Node, name: string): Node | undefined {
  const value = node[name]
  return isNode(value) ? value : undefined
}

/** The names of a column as it is written, its own last. */
export function namesOf(column: Node): readonly string[] {
  const names = column['column_names']
  return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : []
}

/** The byte offset of a node in the text; undefined where the parser made the node up. */
export function locationOf(node: Node): number | undefined {
  const value = node['query_location']
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined
}

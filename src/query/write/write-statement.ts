import type { WrittenName } from './token-reader.ts'

/** A column as CREATE TABLE or ALTER TABLE declares it. */
export interface ColumnDeclaration {
  readonly name: string
  /** The type, as written. */
  readonly type: string
  readonly isNullable: boolean
}

/** `column = expression` */
export interface Assignment {
  readonly column: string
  /** Null for DEFAULT. */
  readonly expression: string | null
}

/** One WHEN of a MERGE. */
export interface MergeBranch {
  /** Which rows it is for: pairs, rows of the source alone, or rows of the table alone. */
  readonly match: 'matched' | 'source' | 'target'
  readonly condition: string | null
  readonly action:
    | { readonly kind: 'update'; readonly set: readonly Assignment[] | 'all' }
    | { readonly kind: 'delete' | 'nothing' }
    | {
        readonly kind: 'insert'
        readonly columns: readonly string[] | null
        /** An expression for each column, null for DEFAULT; `all`: the columns of the source by their names. */
        readonly values: readonly (string | null)[] | 'all'
      }
}

/** What ALTER TABLE does. */
export type Alteration =
  | { readonly kind: 'add'; readonly column: ColumnDeclaration; readonly ifNotExists: boolean }
  | { readonly kind: 'drop'; readonly column: string; readonly ifExists: boolean }
  | { readonly kind: 'rename'; readonly column: string; readonly name: string }
  | { readonly kind: 'type'; readonly column: string; readonly type: string; readonly using: string | null }
  | { readonly kind: 'nullable'; readonly column: string; readonly isNullable: boolean }

/** What a comment is on. */
export type CommentTarget =
  | { readonly kind: 'table' | 'view'; readonly name: WrittenName }
  | { readonly kind: 'schema'; readonly schema: string }
  | { readonly kind: 'column'; readonly table: WrittenName; readonly column: string }

/**
 * A statement that writes, taken apart as far as its own words go. Expressions, queries and types are texts as they
 * stand in it; nothing of them has been checked.
 */
export type WriteStatement =
  | {
      readonly kind: 'insert'
      readonly table: WrittenName
      readonly columns: readonly string[] | null
      readonly isByName: boolean
      /** Null for DEFAULT VALUES. */
      readonly query: string | null
    }
  | {
      readonly kind: 'update'
      readonly table: WrittenName
      readonly alias: string | null
      readonly set: readonly Assignment[]
      readonly from: string | null
      readonly where: string | null
    }
  | {
      readonly kind: 'delete'
      readonly table: WrittenName
      readonly alias: string | null
      readonly using: string | null
      readonly where: string | null
    }
  | {
      readonly kind: 'merge'
      readonly table: WrittenName
      readonly alias: string | null
      /** A table or a query in brackets, without its alias. */
      readonly source: string
      readonly sourceAlias: string
      /** A condition, or the columns that are equal. */
      readonly on: string | readonly string[]
      readonly branches: readonly MergeBranch[]
    }
  | { readonly kind: 'truncate'; readonly table: WrittenName }
  | {
      readonly kind: 'create-table'
      readonly table: WrittenName
      readonly isTemporary: boolean
      readonly exists: 'refuse' | 'replace' | 'keep'
      readonly content:
        | { readonly columns: readonly ColumnDeclaration[] }
        | { readonly query: string; readonly names: readonly string[] | null; readonly hasRows: boolean }
    }
  | { readonly kind: 'drop-table'; readonly tables: readonly WrittenName[]; readonly ifExists: boolean }
  | {
      readonly kind: 'alter-table'
      readonly table: WrittenName
      readonly ifExists: boolean
      readonly alterations: readonly Alteration[]
    }
  | {
      readonly kind: 'create-view'
      readonly view: WrittenName
      readonly exists: 'refuse' | 'replace' | 'keep'
      readonly names: readonly string[] | null
      readonly query: string
    }
  | { readonly kind: 'drop-view'; readonly views: readonly WrittenName[]; readonly ifExists: boolean }
  | { readonly kind: 'create-schema'; readonly schema: string; readonly ifNotExists: boolean }
  | {
      readonly kind: 'drop-schema'
      readonly schema: string
      readonly ifExists: boolean
      readonly isCascade: boolean
    }
  | { readonly kind: 'comment'; readonly on: CommentTarget; readonly text: string | null }

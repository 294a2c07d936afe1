/**
 * What a field of a node of DuckDB's parse tree holds: nothing that refers to anything (`leaf`), the WITH clause
 * (`ctes`), a node of a family, a list of them, or a list of lists.
 */
export type Content = 'leaf' | 'ctes' | Family | `${Family}[]` | `${Family}[][]`

type Fields = Readonly<Record<string, Content>>

/** A kind of node. Families with a tag have members, told apart by that field; the others have one form. */
export interface FamilyForm {
  readonly tag?: 'class' | 'type'
  readonly fields: Fields
  readonly members?: Readonly<Record<string, Fields>>
}

export type Family =
  | 'statement'
  | 'query'
  | 'cteEntry'
  | 'cte'
  | 'modifier'
  | 'order'
  | 'table'
  | 'sample'
  | 'pivot'
  | 'pivotValue'
  | 'expression'
  | 'caseCheck'
  | 'replacement'

/**
 * The parse tree as `json_serialize_sql` gives it, complete for every statement that only reads. A node or field
 * that is not listed here is refused: a later engine cannot smuggle in what this file does not know. Left out on
 * purpose: AT clauses, column data, pivots over an ENUM type and what only the binder makes.
 *
 * Source: src/include/duckdb/storage/serialization/*.json of DuckDB 1.5.5.
 */
export const GRAMMAR: Readonly<Record<Family, FamilyForm>> = {
  statement: { fields: { node: 'query', named_param_map: 'leaf' } },
  query: {
    tag: 'type',
    fields: { type: 'leaf', modifiers: 'modifier[]', cte_map: 'ctes' },
    members: {
      SELECT_NODE: {
        select_list: 'expression[]',
        from_table: 'table',
        where_clause: 'expression',
        group_expressions: 'expression[]',
        group_sets: 'leaf',
        aggregate_handling: 'leaf',
        having: 'expression',
        sample: 'sample',
        qualify: 'expression',
      },
      SET_OPERATION_NODE: {
        setop_type: 'leaf',
        setop_all: 'leaf',
        left: 'query',
        right: 'query',
        children: 'query[]',
      },
      RECURSIVE_CTE_NODE: {
        cte_name: 'leaf',
        union_all: 'leaf',
        left: 'query',
        right: 'query',
        aliases: 'leaf',
        key_targets: 'expression[]',
      },
    },
  },
  cteEntry: { fields: { key: 'leaf', value: 'cte' } },
  cte: {
    fields: { aliases: 'leaf', query: 'statement', materialized: 'leaf', key_targets: 'expression[]' },
  },
  modifier: {
    tag: 'type',
    fields: { type: 'leaf' },
    members: {
      LIMIT_MODIFIER: { limit: 'expression', offset: 'expression' },
      LIMIT_PERCENT_MODIFIER: { limit: 'expression', offset: 'expression' },
      DISTINCT_MODIFIER: { distinct_on_targets: 'expression[]' },
      ORDER_MODIFIER: { orders: 'order[]' },
    },
  },
  order: { fields: { type: 'leaf', null_order: 'leaf', expression: 'expression' } },
  table: {
    tag: 'type',
    fields: { type: 'leaf', alias: 'leaf', sample: 'sample', query_location: 'leaf' },
    members: {
      BASE_TABLE: {
        catalog_name: 'leaf',
        schema_name: 'leaf',
        table_name: 'leaf',
        column_name_alias: 'leaf',
        at_clause: 'leaf',
      },
      EMPTY: {},
      EXPRESSION_LIST: { expected_names: 'leaf', expected_types: 'leaf', values: 'expression[][]' },
      JOIN: {
        left: 'table',
        right: 'table',
        condition: 'expression',
        join_type: 'leaf',
        ref_type: 'leaf',
        using_columns: 'leaf',
        delim_flipped: 'leaf',
        duplicate_eliminated_columns: 'expression[]',
        is_implicit: 'leaf',
      },
      PIVOT: {
        source: 'table',
        aggregates: 'expression[]',
        unpivot_names: 'leaf',
        pivots: 'pivot[]',
        groups: 'leaf',
        column_name_alias: 'leaf',
        include_nulls: 'leaf',
      },
      SHOW_REF: {
        catalog_name: 'leaf',
        schema_name: 'leaf',
        table_name: 'leaf',
        query: 'query',
        show_type: 'leaf',
      },
      SUBQUERY: { subquery: 'statement', column_name_alias: 'leaf' },
      TABLE_FUNCTION: { function: 'expression', column_name_alias: 'leaf', with_ordinality: 'leaf' },
    },
  },
  sample: { fields: { sample_size: 'leaf', is_percentage: 'leaf', method: 'leaf', seed: 'leaf' } },
  pivot: {
    fields: {
      pivot_expressions: 'expression[]',
      unpivot_names: 'leaf',
      entries: 'pivotValue[]',
      pivot_enum: 'leaf',
    },
  },
  pivotValue: { fields: { values: 'leaf', star_expr: 'expression', alias: 'leaf' } },
  expression: {
    tag: 'class',
    fields: { class: 'leaf', type: 'leaf', alias: 'leaf', query_location: 'leaf' },
    members: {
      BETWEEN: { input: 'expression', lower: 'expression', upper: 'expression' },
      CASE: { case_checks: 'caseCheck[]', else_expr: 'expression' },
      CAST: { child: 'expression', cast_type: 'leaf', try_cast: 'leaf' },
      COLLATE: { child: 'expression', collation: 'leaf' },
      COLUMN_REF: { column_names: 'leaf' },
      COMPARISON: { left: 'expression', right: 'expression' },
      CONJUNCTION: { children: 'expression[]' },
      CONSTANT: { value: 'leaf' },
      FUNCTION: {
        catalog: 'leaf',
        schema: 'leaf',
        function_name: 'leaf',
        children: 'expression[]',
        filter: 'expression',
        order_bys: 'modifier',
        distinct: 'leaf',
        is_operator: 'leaf',
        export_state: 'leaf',
      },
      LAMBDA: { lhs: 'expression', expr: 'expression', syntax_type: 'leaf' },
      OPERATOR: { children: 'expression[]' },
      PARAMETER: { identifier: 'leaf' },
      POSITIONAL_REFERENCE: { index: 'leaf' },
      STAR: {
        relation_name: 'leaf',
        exclude_list: 'leaf',
        replace_list: 'replacement[]',
        columns: 'leaf',
        expr: 'expression',
        unpacked: 'leaf',
        qualified_exclude_list: 'leaf',
        rename_list: 'leaf',
      },
      SUBQUERY: {
        subquery_type: 'leaf',
        subquery: 'statement',
        child: 'expression',
        comparison_type: 'leaf',
      },
      WINDOW: {
        catalog: 'leaf',
        schema: 'leaf',
        function_name: 'leaf',
        children: 'expression[]',
        partitions: 'expression[]',
        orders: 'order[]',
        start: 'leaf',
        end: 'leaf',
        start_expr: 'expression',
        end_expr: 'expression',
        offset_expr: 'expression',
        default_expr: 'expression',
        ignore_nulls: 'leaf',
        filter_expr: 'expression',
        exclude_clause: 'leaf',
        distinct: 'leaf',
        arg_orders: 'order[]',
      },
    },
  },
  caseCheck: { fields: { when_expr: 'expression', then_expr: 'expression' } },
  replacement: { fields: { key: 'leaf', value: 'expression' } },
}

import {
  type ColumnValue,
  SqlInfo,
  SqlNullOrdering,
  SqlOuterJoinsSupportLevel,
  SqlSupportedCaseSensitivity,
  SqlSupportedGroupBy,
  SqlSupportedResultSetConcurrency,
  SqlSupportedResultSetType,
  SqlSupportedSubqueries,
  SqlSupportedTransaction,
  SqlSupportedUnions,
  SqlSupportsConvert,
  SqlTransactionIsolationLevel,
  SupportedAnsi92SqlGrammarLevel,
  SupportedSqlGrammar,
  type UnionValue,
} from '../../../flight/index.ts'
import { LIMITS } from '../../limits.ts'
import { VERSIONS } from '../../version.ts'
import { LIKE_ESCAPE } from './like.ts'

function facts(): Record<keyof typeof SqlInfo, UnionValue> {
  return {
    FLIGHT_SQL_SERVER_NAME: text('Sterna'),
    FLIGHT_SQL_SERVER_VERSION: text(VERSIONS.sterna),
    FLIGHT_SQL_SERVER_ARROW_VERSION: text(ARROW_FORMAT),
    FLIGHT_SQL_SERVER_READ_ONLY: truth(false),
    FLIGHT_SQL_SERVER_SQL: truth(true),
    FLIGHT_SQL_SERVER_SUBSTRAIT: truth(false),
    FLIGHT_SQL_SERVER_SUBSTRAIT_MIN_VERSION: text(''),
    FLIGHT_SQL_SERVER_SUBSTRAIT_MAX_VERSION: text(''),
    FLIGHT_SQL_SERVER_TRANSACTION: int32(SqlSupportedTransaction.SQL_SUPPORTED_TRANSACTION_SAVEPOINT),
    FLIGHT_SQL_SERVER_CANCEL: truth(true),
    FLIGHT_SQL_SERVER_BULK_INGESTION: truth(true),
    FLIGHT_SQL_SERVER_INGEST_TRANSACTIONS_SUPPORTED: truth(true),
    // 0 is none.
    FLIGHT_SQL_SERVER_STATEMENT_TIMEOUT: int32(0),
    FLIGHT_SQL_SERVER_TRANSACTION_TIMEOUT: int32(LIMITS.transactionIdleMs),
    SQL_DDL_CATALOG: truth(false),
    SQL_DDL_SCHEMA: truth(true),
    SQL_DDL_TABLE: truth(true),
    SQL_IDENTIFIER_CASE: bigint(SqlSupportedCaseSensitivity.SQL_CASE_SENSITIVITY_CASE_INSENSITIVE),
    SQL_IDENTIFIER_QUOTE_CHAR: text('"'),
    SQL_QUOTED_IDENTIFIER_CASE: bigint(SqlSupportedCaseSensitivity.SQL_CASE_SENSITIVITY_CASE_INSENSITIVE),
    SQL_ALL_TABLES_ARE_SELECTABLE: truth(true),
    SQL_NULL_ORDERING: bigint(SqlNullOrdering.SQL_NULLS_SORTED_AT_END),
    SQL_KEYWORDS: texts(KEYWORDS),
    SQL_NUMERIC_FUNCTIONS: texts(NUMERIC_FUNCTIONS),
    SQL_STRING_FUNCTIONS: texts(STRING_FUNCTIONS),
    SQL_SYSTEM_FUNCTIONS: texts(SYSTEM_FUNCTIONS),
    SQL_DATETIME_FUNCTIONS: texts(DATETIME_FUNCTIONS),
    SQL_SEARCH_STRING_ESCAPE: text(LIKE_ESCAPE),
    SQL_EXTRA_NAME_CHARACTERS: text(''),
    SQL_SUPPORTS_COLUMN_ALIASING: truth(true),
    SQL_NULL_PLUS_NULL_IS_NULL: truth(true),
    SQL_SUPPORTS_CONVERT: { member: 5, value: conversions() },
    SQL_SUPPORTS_TABLE_CORRELATION_NAMES: truth(true),
    SQL_SUPPORTS_DIFFERENT_TABLE_CORRELATION_NAMES: truth(false),
    SQL_SUPPORTS_EXPRESSIONS_IN_ORDER_BY: truth(true),
    SQL_SUPPORTS_ORDER_BY_UNRELATED: truth(true),
    SQL_SUPPORTED_GROUP_BY: bits(
      SqlSupportedGroupBy.SQL_GROUP_BY_UNRELATED,
      SqlSupportedGroupBy.SQL_GROUP_BY_BEYOND_SELECT,
    ),
    SQL_SUPPORTS_LIKE_ESCAPE_CLAUSE: truth(true),
    SQL_SUPPORTS_NON_NULLABLE_COLUMNS: truth(true),
    SQL_SUPPORTED_GRAMMAR: bits(SupportedSqlGrammar.SQL_MINIMUM_GRAMMAR),
    SQL_ANSI92_SUPPORTED_LEVEL: bits(SupportedAnsi92SqlGrammarLevel.ANSI92_ENTRY_SQL),
    SQL_SUPPORTS_INTEGRITY_ENHANCEMENT_FACILITY: truth(false),
    // Bits, since drivers read it so, although the specification calls it one value.
    SQL_OUTER_JOINS_SUPPORT_LEVEL: bits(
      SqlOuterJoinsSupportLevel.SQL_LIMITED_OUTER_JOINS,
      SqlOuterJoinsSupportLevel.SQL_FULL_OUTER_JOINS,
    ),
    SQL_SCHEMA_TERM: text('schema'),
    SQL_PROCEDURE_TERM: text('procedure'),
    SQL_CATALOG_TERM: text('catalog'),
    SQL_CATALOG_AT_START: truth(true),
    SQL_SCHEMAS_SUPPORTED_ACTIONS: bits(),
    SQL_CATALOGS_SUPPORTED_ACTIONS: bits(),
    SQL_SUPPORTED_POSITIONED_COMMANDS: bits(),
    SQL_SELECT_FOR_UPDATE_SUPPORTED: truth(false),
    SQL_STORED_PROCEDURES_SUPPORTED: truth(false),
    SQL_SUPPORTED_SUBQUERIES: bits(...Object.values(SqlSupportedSubqueries)),
    SQL_CORRELATED_SUBQUERIES_SUPPORTED: truth(true),
    SQL_SUPPORTED_UNIONS: bits(...Object.values(SqlSupportedUnions)),
    // Of the maxima, 0 is none or unknown.
    SQL_MAX_BINARY_LITERAL_LENGTH: bigint(0),
    SQL_MAX_CHAR_LITERAL_LENGTH: bigint(0),
    SQL_MAX_COLUMN_NAME_LENGTH: bigint(0),
    SQL_MAX_COLUMNS_IN_GROUP_BY: bigint(0),
    SQL_MAX_COLUMNS_IN_INDEX: bigint(0),
    SQL_MAX_COLUMNS_IN_ORDER_BY: bigint(0),
    SQL_MAX_COLUMNS_IN_SELECT: bigint(0),
    SQL_MAX_COLUMNS_IN_TABLE: bigint(0),
    SQL_MAX_CONNECTIONS: bigint(0),
    SQL_MAX_CURSOR_NAME_LENGTH: bigint(0),
    SQL_MAX_INDEX_LENGTH: bigint(0),
    SQL_DB_SCHEMA_NAME_LENGTH: bigint(LIMITS.keyBytesMax),
    SQL_MAX_PROCEDURE_NAME_LENGTH: bigint(0),
    SQL_MAX_CATALOG_NAME_LENGTH: bigint(0),
    SQL_MAX_ROW_SIZE: bigint(0),
    SQL_MAX_ROW_SIZE_INCLUDES_BLOBS: truth(false),
    SQL_MAX_STATEMENT_LENGTH: bigint(LIMITS.requestBytesMax),
    SQL_MAX_STATEMENTS: bigint(LIMITS.preparedStatementsMax),
    SQL_MAX_TABLE_NAME_LENGTH: bigint(LIMITS.keyBytesMax),
    SQL_MAX_TABLES_IN_SELECT: bigint(0),
    SQL_MAX_USERNAME_LENGTH: bigint(0),
    SQL_DEFAULT_TRANSACTION_ISOLATION: bigint(SqlTransactionIsolationLevel.SQL_TRANSACTION_REPEATABLE_READ),
    SQL_TRANSACTIONS_SUPPORTED: truth(true),
    SQL_SUPPORTED_TRANSACTIONS_ISOLATION_LEVELS: bits(
      SqlTransactionIsolationLevel.SQL_TRANSACTION_REPEATABLE_READ,
    ),
    SQL_DATA_DEFINITION_CAUSES_TRANSACTION_COMMIT: truth(false),
    SQL_DATA_DEFINITIONS_IN_TRANSACTIONS_IGNORED: truth(false),
    SQL_SUPPORTED_RESULT_SET_TYPES: bits(SqlSupportedResultSetType.SQL_RESULT_SET_TYPE_FORWARD_ONLY),
    SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_UNSPECIFIED: bits(),
    SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_FORWARD_ONLY: bits(
      SqlSupportedResultSetConcurrency.SQL_RESULT_SET_CONCURRENCY_READ_ONLY,
    ),
    SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_SCROLL_SENSITIVE: bits(),
    SQL_SUPPORTED_CONCURRENCIES_FOR_RESULT_SET_SCROLL_INSENSITIVE: bits(),
    SQL_BATCH_UPDATES_SUPPORTED: truth(true),
    SQL_SAVEPOINTS_SUPPORTED: truth(true),
    SQL_NAMED_PARAMETERS_SUPPORTED: truth(false),
    SQL_LOCATORS_UPDATE_COPY: truth(false),
    SQL_STORED_FUNCTIONS_USING_CALL_SYNTAX_SUPPORTED: truth(false),
  }
}

/** Version of the Arrow columnar format that frames are in: metadata version V5, with views and 256-bit decimals. */
const ARROW_FORMAT = '1.5'

/** Reserved words of DuckDB that SQL:2003 does not reserve; a test holds them against the engine. */
export const KEYWORDS = words(`
  ANALYSE ANALYZE ANTI ASC ASOF COLLATION COLUMNS CONCURRENTLY DEFERRABLE DESC DO FREEZE GENERATED GLOB ILIKE
  INITIALLY ISNULL LAMBDA LIMIT MAP NOTNULL OFFSET PIVOT PIVOT_LONGER PIVOT_WIDER PLACING POSITIONAL QUALIFY
  RETURNING SEMI SHOW STRUCT SUMMARIZE TABLESAMPLE TRY_CAST UNPACK UNPIVOT VARIADIC VERBOSE`)

/** Functions that SQL may call, of the kinds that ODBC and JDBC ask for; a test holds them against the gate. */
export const NUMERIC_FUNCTIONS = words(`
  abs acos asin atan atan2 cbrt ceil ceiling cos cot degrees even exp factorial floor gamma gcd greatest lcm least
  lgamma ln log log10 log2 mod pi pow power radians random round sign sin sqrt tan trunc xor`)
export const STRING_FUNCTIONS = words(`
  ascii bit_length char_length character_length chr concat concat_ws contains ends_with format lcase left length
  levenshtein lower lpad ltrim md5 ord position prefix regexp_extract regexp_matches regexp_replace repeat replace
  reverse right rpad rtrim sha256 split_part starts_with strip_accents strpos substr substring suffix translate trim
  ucase unicode upper`)
export const SYSTEM_FUNCTIONS = words(
  'current_database current_schema current_user nullif typeof user version',
)
export const DATETIME_FUNCTIONS = words(`
  age current_date date_add date_diff date_part date_sub date_trunc day dayname dayofmonth dayofweek
  dayofyear epoch epoch_ms epoch_ns epoch_us hour last_day make_date make_time make_timestamp microsecond
  millisecond minute month monthname now quarter second strftime strptime time_bucket to_timestamp today week
  weekday year`)

function words(text: string): string[] {
  return text.trim().split(/\s+/)
}

/** What CAST can make of what, as DuckDB 1.5 does. */
function conversions(): ColumnValue {
  const {
    SQL_CONVERT_DATE: date,
    SQL_CONVERT_TIME: time,
    SQL_CONVERT_TIMESTAMP: timestamp,
  } = SqlSupportsConvert
  const to = (...targets: readonly (readonly number[])[]): ColumnValue =>
    [...TEXTS, ...targets.flat()].sort(ascending)
  const groups: (readonly [readonly number[], ColumnValue])[] = [
    [TEXTS, to(Object.values(SqlSupportsConvert).filter((id) => !TEXTS.includes(id)))],
    [NUMBERS, to(NUMBERS)],
    [BYTES, to(BYTES)],
    [INTERVALS, to(INTERVALS)],
    [[date], to([date, timestamp])],
    [[time], to([time])],
    [[timestamp], to([date, time, timestamp])],
  ]
  return groups
    .flatMap(([sources, targets]) => sources.map((source) => [source, targets] as const))
    .sort(([a], [b]) => a - b)
}

function ascending(a: number, b: number): number {
  return a - b
}

const TEXTS: readonly number[] = [
  SqlSupportsConvert.SQL_CONVERT_CHAR,
  SqlSupportsConvert.SQL_CONVERT_LONGVARCHAR,
  SqlSupportsConvert.SQL_CONVERT_VARCHAR,
]
const NUMBERS: readonly number[] = [
  SqlSupportsConvert.SQL_CONVERT_BIGINT,
  SqlSupportsConvert.SQL_CONVERT_BIT,
  SqlSupportsConvert.SQL_CONVERT_DECIMAL,
  SqlSupportsConvert.SQL_CONVERT_FLOAT,
  SqlSupportsConvert.SQL_CONVERT_INTEGER,
  SqlSupportsConvert.SQL_CONVERT_NUMERIC,
  SqlSupportsConvert.SQL_CONVERT_REAL,
  SqlSupportsConvert.SQL_CONVERT_SMALLINT,
  SqlSupportsConvert.SQL_CONVERT_TINYINT,
]
const BYTES: readonly number[] = [
  SqlSupportsConvert.SQL_CONVERT_BINARY,
  SqlSupportsConvert.SQL_CONVERT_LONGVARBINARY,
  SqlSupportsConvert.SQL_CONVERT_VARBINARY,
]
const INTERVALS: readonly number[] = [
  SqlSupportsConvert.SQL_CONVERT_INTERVAL_DAY_TIME,
  SqlSupportsConvert.SQL_CONVERT_INTERVAL_YEAR_MONTH,
]

// The members of the union, in the order of the specification.

function text(value: string): UnionValue {
  return { member: 0, value }
}

function truth(value: boolean): UnionValue {
  return { member: 1, value }
}

function bigint(value: number): UnionValue {
  return { member: 2, value }
}

function int32(value: number): UnionValue {
  return { member: 3, value }
}

/** A set of enum values as the bits of their numbers. */
function bits(...values: readonly number[]): UnionValue {
  return int32(values.reduce((sum, value) => sum | (1 << value), 0))
}

function texts(value: readonly string[]): UnionValue {
  return { member: 4, value }
}

/** What the server says of itself, by the id of each fact. Last, since it is made of what stands above. */
export const SQL_INFO: ReadonlyMap<number, UnionValue> = new Map(
  Object.entries(facts()).map(([name, value]) => [SqlInfo[name as keyof typeof SqlInfo], value]),
)

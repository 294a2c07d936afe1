/** What of each client the tests show: for each feature a check of that name in one of its files. */

export const FEATURES = [
  'query',
  'parameters',
  'metadata',
  'SQL that writes',
  'ingestion',
  'transactions',
  'cancel',
  'polling',
] as const

type Feature = (typeof FEATURES)[number]

interface ClientFeatures {
  readonly client: string
  /** Where its version stands, and how. */
  readonly version: readonly [file: string, pattern: RegExp]
  readonly files: readonly string[]
  readonly checks: Partial<Record<Feature, string>>
}

const requirements = 'test/support/requirements.txt'
const dbapi = 'test/interop/flight_sql_checks.py'
const tools = 'test/interop/flight_sql_tools.py'
const go = 'test/interop/go-sql'
const jdbc = 'test/interop/jdbc'

export const CLIENTS: readonly ClientFeatures[] = [
  {
    client: 'ADBC, Python',
    version: [requirements, /^adbc-driver-flightsql==(.+)$/m],
    files: [dbapi, tools],
    checks: {
      query: 'a cursor gives the rows of a query, with their types, also where there are none',
      parameters: 'a parameter of every type, and a NULL of it, arrives as it was bound',
      metadata:
        'adbc_get_objects gives catalog, schemas, tables and columns, at every depth and by every filter',
      'SQL that writes':
        'executemany of ADBC inserts a row for each of its parameters, tuples or Arrow, and counts them',
      ingestion: 'adbc_ingest creates, appends and replaces, gives the number of rows',
      transactions: 'a connection without autocommit reads one snapshot until it commits or rolls back',
      cancel: 'adbc_cancel ends a query that runs, and nothing of it stays',
    },
  },
  {
    client: 'polars',
    version: [requirements, /^polars==(.+)$/m],
    files: [dbapi],
    checks: {
      query: 'polars reads with read_database_uri and writes with write_database through ADBC',
      ingestion: 'polars reads with read_database_uri and writes with write_database through ADBC',
    },
  },
  {
    client: 'pandas',
    version: [requirements, /^pandas==(.+)$/m],
    files: [dbapi],
    checks: {
      query: 'pandas reads with read_sql and writes with to_sql through ADBC',
      metadata: 'pandas reads with read_sql and writes with to_sql through ADBC',
      ingestion: 'pandas reads with read_sql and writes with to_sql through ADBC',
    },
  },
  {
    client: 'flightsql-dbapi',
    version: [requirements, /^flightsql-dbapi==(.+)$/m],
    files: [tools],
    checks: {
      query: 'flightsql-dbapi gives rows of a query, with parameters and for each of many',
      parameters: 'flightsql-dbapi gives rows of a query, with parameters and for each of many',
      metadata: 'flightsql-dbapi lists catalogs, schemas, tables with their schemas, types, keys',
    },
  },
  {
    client: 'SQLAlchemy',
    version: [requirements, /^SQLAlchemy==(.+)$/m],
    files: [tools],
    checks: {
      query: 'SQLAlchemy 1.4 over flightsql-dbapi reflects tables and runs its expressions',
      parameters: 'SQLAlchemy 1.4 over flightsql-dbapi reflects tables and runs its expressions',
      metadata: 'SQLAlchemy 1.4 over flightsql-dbapi reflects tables and runs its expressions',
    },
  },
  {
    client: 'DuckDB over ADBC',
    version: [requirements, /^duckdb==(.+)$/m],
    files: [tools],
    checks: { query: 'DuckDB on the client queries a stream of ADBC, batch by batch' },
  },
  {
    client: 'ADBC, Go: its validation suite',
    version: [`${go}/go.mod`, /arrow-adbc\/go\/adbc v(\S+)/],
    files: [`${go}/validation_test.go`],
    checks: {
      query: 'validation.StatementTests',
      parameters: 'validation.StatementTests',
      metadata: 'validation.ConnectionTests',
      ingestion: 'TestSqlIngestCreateAppend',
      transactions: 'validation.ConnectionTests',
    },
  },
  {
    client: 'arrow-go',
    version: [`${go}/go.mod`, /arrow-go\/v18 v(\S+)/],
    files: [`${go}/poll_test.go`],
    checks: {
      query: 'TestPollShort',
      cancel: 'CancelFlightInfo ends it with all its descriptors',
      polling: 'TestPollLarge',
    },
  },
  {
    client: 'JDBC driver',
    version: [`${jdbc}/pom.xml`, /jdbc-driver<\/artifactId>\s*<version>(.+?)</],
    files: [`${jdbc}/JdbcChecks.java`, `${jdbc}/JdbcValueChecks.java`, `${jdbc}/JdbcConnectionChecks.java`],
    checks: {
      query: 'a ResultSet gives values of every type, and their NULLs',
      parameters: 'a PreparedStatement takes values by every setter that the driver has',
      metadata: 'DatabaseMetaData answers every method that the driver has',
      'SQL that writes': 'a PreparedStatement writes a row, and a batch of them, with their number',
      cancel: 'Statement.cancel ends a query that runs, from another thread',
    },
  },
  {
    client: 'HikariCP over JDBC',
    version: [`${jdbc}/pom.xml`, /HikariCP<\/artifactId>\s*<version>(.+?)</],
    files: [`${jdbc}/JdbcConnectionChecks.java`],
    checks: {
      query: 'a HikariCP pool of four connections serves eight threads',
      parameters: 'a HikariCP pool of four connections serves eight threads',
    },
  },
  {
    client: 'Rust, `flight_sql_client`',
    version: ['test/interop/rust-cli.ts', /^const version = '(.+)'$/m],
    files: ['test/interop/rust-cli.ts'],
    checks: {
      query: 'a query, with times, lists, decimals and an enum',
      parameters: 'parameters by number and by name',
      metadata: 'catalogs, schemas, tables and table types',
    },
  },
  {
    client: 'Node, `@lakehouse-rs/flight-sql-client`',
    version: ['test/interop/node-client.test.ts', /^const version = '(.+)'$/m],
    files: ['test/interop/node-client.test.ts'],
    checks: {
      query: 'a query, after a handshake with name and password',
      metadata: 'catalogs, schemas and tables',
      'SQL that writes': 'SQL that writes, and reads what was written',
    },
  },
]

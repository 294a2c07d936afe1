/** A scenario of Arrow's integration clients, and how far a server of data comes in it. */
export interface IntegrationScenario {
  readonly name: string
  /** What only a server with answers made for it can do, as docs/clients.md says it; null where Sterna passes. */
  readonly canned: string | null
  /** What arrow-go's client says there. */
  readonly says?: RegExp
}

/** All that `arrow-flight-integration-client` of arrow-go 18.8 knows. */
export const INTEGRATION_SCENARIOS: readonly IntegrationScenario[] = [
  { name: '', canned: null },
  {
    name: 'auth:basic_proto',
    canned:
      'the user `arrow` gets in as it asks, and its action without a name is to answer with the user’s name',
    says: /Unimplemented desc = There is no action ""/,
  },
  {
    name: 'middleware',
    canned: 'the header `x-middleware` is to come back, and the command `success` to be no SQL',
    says: /expected to receive header 'x-middleware/,
  },
  {
    name: 'ordered',
    canned: 'the command `ordered` is to give nine numbers in three endpoints without a location',
    says: /Syntax error at or near "ordered"/,
  },
  {
    name: 'expiration_time:do_get',
    canned:
      'the command `expiration_time` is to give three numbers, the endpoint of the first without an end',
    says: /Syntax error at or near "expiration_time"/,
  },
  {
    name: 'expiration_time:list_actions',
    canned: 'there are to be two actions and no more',
    says: /action types aren't expected/,
  },
  {
    name: 'expiration_time:cancel_flight_info',
    canned: 'the command `expiration_time`, as above',
    says: /Syntax error at or near "expiration_time"/,
  },
  {
    name: 'expiration_time:renew_flight_endpoint',
    canned: 'the command `expiration_time`, as above',
    says: /Syntax error at or near "expiration_time"/,
  },
  {
    name: 'location:reuse_connection',
    canned: 'the command `reuse` is to have one endpoint with that location alone',
    says: /Syntax error at or near "reuse"/,
  },
  {
    name: 'poll_flight_info',
    canned: 'the command `heavy query` is to be complete with the second call',
    says: /Syntax error at or near "heavy"/,
  },
  {
    name: 'app_metadata_flight_info_endpoint',
    canned: 'the command `foobar` is to come back as metadata of its FlightInfo and its endpoint',
    says: /Syntax error at or near "foobar"/,
  },
  {
    name: 'flight_sql',
    canned:
      'its statements are words such as `SELECT STATEMENT`; before, it wants the columns of primary keys in another order than the specification',
    says: /expected: schema:[^]+key_sequence: type=int32[^]+key_name: type=utf8, nullable[^]+got: schema:/,
  },
  {
    name: 'flight_sql:extension',
    canned: 'SqlInfo is to say no SQL but Substrait, and timeouts of 42 and 7 ms',
    says: wrongSqlInfo([
      [4, '%!s(bool=false)', '%!s(bool=true)'],
      [5, '%!s(bool=true)', '%!s(bool=false)'],
      [6, 'min_version', ''],
      [7, 'max_version', ''],
      [100, '%!s(int32=42)', '%!s(int32=0)'],
      [101, '%!s(int32=7)', '%!s(int32=600000)'],
    ]),
  },
  {
    name: 'session_options',
    canned: 'options of any name are to be kept, and a session to have none at first, not even its catalog',
    says: /expected new session to be empty, but found 2 options already set/,
  },
  {
    name: 'flight_sql:ingestion',
    canned: 'the catalog `test_catalog` and the transaction `123` are to be there',
    says: /There is no catalog "test_catalog"; the one is "sterna"/,
  },
]

/** Matches what the client says of the first wrong fact. It asks for them in the order of a Go map, which is any. */
function wrongSqlInfo(facts: readonly (readonly [id: number, expected: string, got: string])[]): RegExp {
  const complaints = facts.map(([id, expected, got]) =>
    `expected: '${expected}', got: '${got}': ${id} did not match`.replaceAll(/[()]/g, '\\$&'),
  )
  return new RegExp(`panic: (${complaints.join('|')})\n`)
}

/**
 * The airport protocol: what DuckDB's community extension of that name sends for `ATTACH … (TYPE airport)`. Source: its
 * C++ code, github.com/Query-farm/airport at f52b27c; docs/airport.md says what works.
 */
import type { Action } from '../actions/action.ts'
import { alterActions } from './alter.ts'
import { catalogVersion } from './catalog-version.ts'
import { columnStatistics } from './column-statistics.ts'
import { createSchema } from './create-schema.ts'
import { createTable } from './create-table.ts'
import { createTransaction } from './create-transaction.ts'
import { dropSchema, dropTable } from './drop.ts'
import { endpoints } from './endpoints.ts'
import { flightInfo } from './flight-info.ts'
import { listSchemas } from './list-schemas.ts'

/** What DoAction knows of it, in the order of ListActions. */
export const airportActions: readonly Action[] = [
  listSchemas,
  catalogVersion,
  createTransaction,
  flightInfo,
  endpoints,
  columnStatistics,
  createSchema,
  dropSchema,
  createTable,
  dropTable,
  ...alterActions,
]

import { airportActions } from '../airport/index.ts'
import type { Action } from './action.ts'
import { adopt } from './adopt.ts'
import { backup } from './backup.ts'
import { check } from './check.ts'
import { compact, compaction } from './compact.ts'
import { configure } from './configure.ts'
import { describe } from './describe.ts'
import { drop } from './drop.ts'
import { evict } from './evict.ts'
import { explain } from './explain.ts'
import { cancelFlightInfo, cancelQuery, renewFlightEndpoint } from './flight-info.ts'
import { flush } from './flush.ts'
import { health } from './health.ts'
import { history } from './history.ts'
import { list } from './list.ts'
import {
  closePreparedStatement,
  createPreparedStatement,
  createPreparedSubstraitPlan,
} from './prepared-statements.ts'
import { query } from './query.ts'
import { retention } from './retention.ts'
import { rollback } from './rollback.ts'
import { rollup } from './rollup.ts'
import { closeSession, getSessionOptions, setSessionOptions } from './session.ts'
import { stats } from './stats.ts'
import { beginSavepoint, beginTransaction, endSavepoint, endTransaction } from './transactions.ts'
import { version } from './version.ts'
import { warm } from './warm.ts'

/** Every action that DoAction knows, in the order of ListActions. */
export const ACTIONS: readonly Action[] = [
  query,
  explain,
  list,
  describe,
  stats,
  drop,
  warm,
  evict,
  flush,
  compact,
  compaction,
  retention,
  history,
  rollback,
  backup,
  adopt,
  configure,
  rollup,
  check,
  health,
  version,
  createPreparedStatement,
  createPreparedSubstraitPlan,
  closePreparedStatement,
  beginTransaction,
  endTransaction,
  beginSavepoint,
  endSavepoint,
  cancelFlightInfo,
  cancelQuery,
  renewFlightEndpoint,
  setSessionOptions,
  getSessionOptions,
  closeSession,
  ...airportActions,
]

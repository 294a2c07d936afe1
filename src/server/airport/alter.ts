import { SternaError } from '../../errors.ts'
import type { Action } from '../actions/action.ts'

/** What the client sends for statements that the lake has nothing for. */
const REFUSED: Readonly<Record<string, string>> = {
  add_column: 'ALTER TABLE … ADD COLUMN',
  remove_column: 'ALTER TABLE … DROP COLUMN',
  rename_column: 'ALTER TABLE … RENAME COLUMN',
  rename_table: 'ALTER TABLE … RENAME',
  change_column_type: 'ALTER TABLE … TYPE',
  set_default: 'ALTER TABLE … SET DEFAULT',
  set_not_null: 'ALTER TABLE … SET NOT NULL',
  drop_not_null: 'ALTER TABLE … DROP NOT NULL',
  add_constraint: 'ALTER TABLE … ADD CONSTRAINT',
  add_field: 'ALTER TABLE … ADD COLUMN of a struct',
  remove_field: 'ALTER TABLE … DROP COLUMN of a struct',
  rename_field: 'ALTER TABLE … RENAME COLUMN of a struct',
  table_function_flight_info: 'A table function',
}

export const refusedActions: readonly Action[] = Object.entries(REFUSED).map(([type, what]) => ({
  type,
  description: `${what}: refused (airport)`,
  async *run() {
    throw new SternaError('NOT_IMPLEMENTED', `${what} is not supported by the airport protocol here`)
  },
}))

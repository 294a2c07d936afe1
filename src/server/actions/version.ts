import { VERSIONS } from '../../version.ts'
import { jsonAction } from './action.ts'

export const version = jsonAction(
  'version',
  'Names the versions of the server and its engines. In: nothing. Out: {"sterna", "duckdb", "node"}',
  () => VERSIONS,
)

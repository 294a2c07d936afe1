import { SternaError } from '../../errors.ts'
import { CATALOG, DEFAULT_SCHEMA } from '../sql/names.ts'

/**
 * What the schema `main` is called here. The extension never looks for a schema of that name (`LookupSchema` in its
 * `airport_catalog.cpp`), so that under its own nobody could reach it.
 */
const SHOWN_MAIN = 'public'

/** A schema of the lake as clients see it: `main` as `public`, and for that a real `public` has an underscore more. */
export function shownSchema(schema: string): string {
  if (schema === DEFAULT_SCHEMA) return SHOWN_MAIN
  return isTaken(schema) ? `${schema}_` : schema
}

/** The schema of the lake that clients see under a name. */
export function storedSchema(shown: string): string {
  if (shown === SHOWN_MAIN) return DEFAULT_SCHEMA
  return isTaken(shown) ? shown.slice(0, -1) : shown
}

function isTaken(schema: string): boolean {
  return schema.startsWith(SHOWN_MAIN) && /^_*$/.test(schema.slice(SHOWN_MAIN.length))
}

/** The one catalog that there is: what clients attach. @throws SternaError REQUEST_INVALID */
export function assertCatalog(name: string): void {
  if (name === CATALOG) return
  throw new SternaError('REQUEST_INVALID', `There is no catalog "${name}"; attach "${CATALOG}"`)
}

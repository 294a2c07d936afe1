/** Has the syncs of a server fail: see failing_syncs.py. */
import { join } from 'node:path'
import { projectRoot } from './project-root.ts'
import { python } from './python.ts'

/**
 * What to start a server under.
 *
 * @param control - file with a regular expression: syncs of files whose path matches it fail. Empty: of none
 */
export async function underFailingSyncs(control: string): Promise<readonly string[]> {
  return [await python(), join(projectRoot, 'test/support/failing_syncs.py'), control]
}

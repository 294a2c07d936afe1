import { join } from 'node:path'
import { Database } from '../../src/store/catalog/database.ts'

/** Files that the catalog of a lake names, of past versions too; no server has to run. */
export function namedParts(dataDir: string): string[] {
  const database = Database.open(join(dataDir, 'catalog.sqlite'), 'wal')
  const rows = database.all<[string]>('SELECT path FROM ducklake_data_file ORDER BY 1')
  database.close()
  return rows.map(([path]) => path)
}

import type { DatasetRef } from '../../../flight/index.ts'
import type { WriteStatement } from '../../query/write/write-statement.ts'
import type { CallContext } from '../call.ts'
import type { Services } from '../services.ts'

/** Carries out what SQL would say by these statements, as one commit. */
export async function define(
  statements: readonly WriteStatement[],
  { store, writes, airport }: Services,
  context: CallContext,
): Promise<void> {
  const lake = store.begin()
  try {
    await lake.statement(async () => {
      for (const statement of statements) {
        await writes.execute(statement, { sql: '', lake, signal: context.signal })
      }
    })
    await lake.commit()
  } finally {
    lake.rollback()
  }
  airport.hasWritten(context)
}

/** A dataset as a statement names it. */
export function writtenName({ schema, key }: DatasetRef): { schema: string; name: string } {
  return { schema, name: key }
}

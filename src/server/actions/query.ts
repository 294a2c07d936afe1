import { writeIpcStream } from '../../../flight/index.ts'
import { openRead } from '../reads.ts'
import { type Action, parseSqlBody } from './action.ts'

export const query: Action = {
  type: 'query',
  description:
    'Runs SQL. In: the SQL text, or {"sql", "parameters"?}. Out: an Arrow IPC stream, cut into the results',
  async *run(body, services, context) {
    const request = parseSqlBody('query', body, {})
    const { frames } = await openRead(services, { kind: 'sql', ...request }, context)
    yield* writeIpcStream(frames)
  },
}

import { jsonAction } from './action.ts'

export const stats = jsonAction(
  'stats',
  'Sizes and cache figures, per tier and in total, what SQL does and what its clients hold, and how late the event loop was since the last look. In: nothing. Out: a JSON object',
  (_body, { store, engine, sql, eventLoop }) => ({
    ...store.stats(),
    queries: engine.stats,
    held: sql.stats,
    event_loop: eventLoop.take(),
  }),
)

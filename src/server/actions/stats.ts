import { jsonAction } from './action.ts'

export const stats = jsonAction(
  'stats',
  'Sizes and cache figures, per tier and in total, what SQL does, and how late the event loop was since the last look. In: nothing. Out: a JSON object',
  (_body, { store, engine, eventLoop }) => ({
    ...store.stats(),
    queries: engine.stats,
    event_loop: eventLoop.take(),
  }),
)

import type { Store } from '../../store/store.ts'
import { jsonAction } from './action.ts'

export const stats = jsonAction(
  'stats',
  'Sizes and cache figures, per tier and in total, what SQL does and what its clients hold, and how late the event loop was since the last look. In: nothing. Out: a JSON object',
  (_body, { store, engine, sql, eventLoop }) => ({
    ...store.stats(),
    rollups: rollupsOf(store),
    queries: engine.stats,
    held: sql.stats,
    event_loop: eventLoop.take(),
  }),
)

function rollupsOf(store: Store): object[] {
  return store.list().flatMap((dataset) => {
    const status = store.rollupStatus(dataset)
    if (status === null) return []
    const { source, watermark, latest, lag_ms: lagMs } = status
    return [{ key: dataset.ref.key, schema: dataset.ref.schema, source, watermark, latest, lag_ms: lagMs }]
  })
}

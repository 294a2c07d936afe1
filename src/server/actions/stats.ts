import { jsonAction } from './action.ts'

export const stats = jsonAction(
  'stats',
  'Sizes and cache figures, per tier and in total, and what SQL does. In: nothing. Out: a JSON object',
  (_body, services) => ({ ...services.store.stats(), queries: services.engine.stats }),
)

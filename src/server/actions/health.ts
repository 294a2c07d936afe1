import { jsonAction } from './action.ts'

export const health = jsonAction(
  'health',
  'Tells that the server serves. In: nothing. Out: {"status": "serving", "uptime_seconds"}',
  (_body, services) => ({
    status: 'serving',
    uptime_seconds: Math.round((Date.now() - services.startedMs) / 1000),
  }),
)

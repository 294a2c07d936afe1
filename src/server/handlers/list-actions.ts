import { messages } from '../../../flight/index.ts'
import { ACTIONS } from '../actions/index.ts'
import type { ResponseStream } from '../call.ts'

/** ListActions: every action with what it takes and gives. */
export async function listActions(response: ResponseStream): Promise<void> {
  for (const { type, description } of ACTIONS) {
    await response.send(messages.ActionType.encode({ type, description }))
  }
}

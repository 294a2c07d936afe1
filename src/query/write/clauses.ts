import { SternaError } from '../../errors.ts'
import { shown } from '../gate/message.ts'
import type { TokenReader } from './token-reader.ts'
import type { Assignment } from './write-statement.ts'

/** `column = expression, …` */
export function parseAssignments(reader: TokenReader, ...ends: readonly string[]): Assignment[] {
  const assignments: Assignment[] = []
  do {
    if (reader.hasMark('(')) throw unsupported('SET of several columns at once', 'assign them one by one')
    const column = reader.takeName('the name of a column')
    if (reader.hasMark('.'))
      throw unsupported('SET of a member of a column', `assign the whole of "${column}"`)
    reader.expectMark('=')
    const expression = reader.takeWords('DEFAULT') ? null : reader.takeExpression('an expression', ...ends)
    assignments.push({ column, expression })
  } while (reader.takeMark(','))
  return assignments
}

/** @param advice - what to do instead */
export function unsupported(what: string, advice: string): SternaError {
  return new SternaError('NOT_IMPLEMENTED', `${shown(what)} is not supported: ${advice}`)
}

import { SternaError } from '../../errors.ts'

/** @param unit - as in `AT (VERSION => 3)`; empty without. @throws SternaError NOT_IMPLEMENTED */
export function assertNow(unit: string, value: string): void {
  if (unit === '' && value === '') return
  throw new SternaError('NOT_IMPLEMENTED', `Reading a table as it was (AT ${unit} ${value}) is not there yet`)
}

import { SternaError } from '../../errors.ts'
import type { PastMoment } from '../../store/parts.ts'

/**
 * The state of the past that a table is read in; undefined for now.
 *
 * @param unit - as in `AT (VERSION => 3)`; empty without
 * @param value - as DuckDB prints it
 * @throws SternaError REQUEST_INVALID
 */
export function momentOf(unit: string, value: string): PastMoment | undefined {
  if (unit === '' && value === '') return undefined
  switch (unit.toUpperCase()) {
    case 'VERSION': {
      const version = Number(value)
      if (/^\d+$/.test(value) && Number.isSafeInteger(version)) return { version }
      throw new SternaError(
        'REQUEST_INVALID',
        `AT (VERSION => …) takes a whole number, not "${shown(value)}"`,
      )
    }
    case 'TIMESTAMP':
      return { timestamp: value }
  }
  throw new SternaError('REQUEST_INVALID', `AT takes VERSION or TIMESTAMP, not "${shown(unit)}"`)
}

function shown(text: string): string {
  return text.slice(0, 50)
}

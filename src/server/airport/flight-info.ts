import { z } from 'zod'
import { messages } from '../../../flight/index.ts'
import { msgpackAction } from './action.ts'
import { bytesField, optionalText } from './messages.ts'
import { momentOf } from './time-travel.ts'
import { describedTable, tableInfo } from './tables.ts'

export const flightInfo = msgpackAction(
  'flight_info',
  'A table, also as it was. In: {descriptor, at_unit, at_value}. Out: FlightInfo',
  z.object({ descriptor: bytesField, at_unit: optionalText, at_value: optionalText }),
  ({ descriptor, at_unit: unit, at_value: value }, { store }) => {
    const moment = momentOf(unit, value)
    return messages.FlightInfo.encode(tableInfo(store.get(describedTable(descriptor), moment), store, moment))
  },
)

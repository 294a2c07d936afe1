import { z } from 'zod'
import { msgpackAction } from './action.ts'
import { pack, textField } from './messages.ts'
import { assertCatalog } from './names.ts'

export const createTransaction = msgpackAction(
  'create_transaction',
  'Begins a transaction, whose reads all see the snapshot of the first. In: {catalog_name}. Out: {identifier}',
  z.object({ catalog_name: textField }),
  ({ catalog_name: catalog }, { airport }, context) => {
    assertCatalog(catalog)
    return pack({ identifier: airport.begin(context) })
  },
)

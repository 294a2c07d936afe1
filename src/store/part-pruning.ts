import { LIMITS } from '../limits.ts'
import type { PartBoundsIndex } from './catalog/part-bounds.ts'
import type { CatalogDataset, CatalogPart } from './catalog/state.ts'
import { type PartFilter, partTest, printedValues } from './part-filter.ts'
import { afterOthers } from './turns.ts'
import { hashValue } from './value-filter.ts'

/** The parts of a dataset that can have rows which meet all of the conditions. What costs least is looked at first. */
export async function partsThatCan(
  index: PartBoundsIndex,
  dataset: CatalogDataset,
  filters: readonly PartFilter[],
): Promise<CatalogPart[]> {
  const { parts } = dataset
  // Those without rows say only where others come from.
  let places: number[] = []
  for (const [place, { rows }] of parts.entries()) if (rows > 0) places.push(place)
  const asked = []
  for (const filter of filters) {
    const bounds = await index.list(dataset, filter.column)
    if (bounds === undefined) continue
    asked.push({ filter, bounds })
    const test = partTest(filter, bounds.type)
    places = places.filter((place) => {
      const known = bounds.list[place]
      return known === undefined || test(known.keys)
    })
    await afterOthers()
  }
  // Filters are read from the catalog, for the parts that nothing else leaves out.
  for (const { filter, bounds } of asked) {
    const values = printedValues(filter, bounds.type)
    if (values === null || places.length * values.length > LIMITS.filterLookupsMax) continue
    places = await index.withOne(bounds, dataset, places, values.map(hashValue))
  }
  return places.flatMap((place) => parts[place] ?? [])
}

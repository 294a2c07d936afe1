// Goal: whatever is committed in whatever order, the catalog holds what a plain map would.
// Method: random commits by two connections, against a map of keys to paths; after each, what is in memory is what
// the file says, and every file that was ever named is either still named or was handed over once.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SternaError } from '../../../src/errors.ts'
import { Catalog } from '../../../src/store/catalog/catalog.ts'
import type { Change } from '../../../src/store/catalog/commit.ts'
import { INT64, TICKS, makePlace, part, paths, plain, put, ref, schemaOf } from './fixtures.ts'

const OTHER = schemaOf({ n: INT64 })

interface Step {
  readonly connection: number
  readonly key: string
  readonly kind: 'replace' | 'create' | 'append' | 'other' | 'rewrite' | 'drop'
  readonly parts: number
}

const step: fc.Arbitrary<Step> = fc.record({
  connection: fc.nat(1),
  key: fc.constantFrom('a', 'b', 'c'),
  kind: fc.constantFrom('replace', 'create', 'append', 'append', 'other', 'rewrite', 'drop'),
  parts: fc.integer({ min: 0, max: 3 }),
})

interface Known {
  readonly isOther: boolean
  readonly paths: readonly string[]
}

/** What the model makes of a step; undefined: it is refused. */
function expected(
  before: Known | undefined,
  { kind }: Step,
  names: readonly string[],
): Known | null | undefined {
  if (kind === 'drop') return before && null
  if (kind === 'rewrite')
    return before && { ...before, paths: before.paths.length === 0 ? [] : names.slice(0, 1) }
  if (kind === 'create' && before) return undefined
  if (kind === 'append' && before)
    return before.isOther ? undefined : { ...before, paths: [...before.paths, ...names] }
  return { isOther: kind === 'other', paths: names }
}

function toChange(catalog: Catalog, { kind, key }: Step, names: readonly string[]): Change {
  if (kind === 'drop') return { kind, ref: ref(key) }
  if (kind === 'rewrite') {
    const old = catalog.state().get(ref(key))?.parts ?? []
    const rows = old.reduce((sum, { rows: count }) => sum + count, 0)
    const joined = names.slice(0, Math.min(1, old.length)).map((name) => ({ ...part(name), rows }))
    return { kind, ref: ref(key), remove: old.map(({ dataFileId }) => dataFileId), parts: joined }
  }
  const parts = names.map((name) => part(name))
  return put(ref(key), parts, kind === 'other' ? 'replace' : kind, kind === 'other' ? OTHER : TICKS)
}

test('the catalog holds what a map would', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const place = makePlace(t)
      const catalogs = [Catalog.open(place.file, place.options), Catalog.open(place.file, place.options)]
      const model = new Map<string, Known>()
      const live = new Set<string>()
      let count = 0
      for (const current of steps) {
        const catalog = catalogs[current.connection] ?? assert.fail()
        catalog.state()
        const isRewrite = current.kind === 'rewrite'
        const names = Array.from({ length: isRewrite ? 1 : current.parts }, () => `${count++}.parquet`)
        const next = expected(model.get(current.key), current, names)
        try {
          const { state, retired } = catalog.commit([toChange(catalog, current, names)])
          assert.notEqual(next, undefined, 'the model refuses this')
          for (const path of retired) assert.ok(live.delete(path), `${path} was handed over twice`)
          for (const path of paths(state, ref(current.key))) live.add(path)
        } catch (error) {
          assert.ok(error instanceof SternaError && next === undefined, String(error))
        }
        if (next === null) model.delete(current.key)
        else if (next) model.set(current.key, next)
      }
      for (const catalog of catalogs) {
        const state = catalog.state()
        for (const key of ['a', 'b', 'c'])
          assert.deepEqual(paths(state, ref(key)), model.get(key)?.paths ?? [])
        assert.deepEqual(catalog.paths(), live)
      }
      const fresh = Catalog.open(place.file, place.options)
      for (const catalog of [...catalogs, fresh])
        assert.deepEqual(plain(catalog.state()), plain(fresh.state()))
      for (const catalog of [...catalogs, fresh]) catalog.close()
    }),
    { numRuns: 40 },
  )
})

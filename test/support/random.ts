/** What a test with chance takes it from: said in its name, and made again by `STERNA_TEST_SEED`. */
export const testSeed = Number(process.env['STERNA_TEST_SEED'] ?? Date.now() % 1_000_000)

/** How often a test with chance runs: once beside all others, more often by `STERNA_TEST_ROUNDS`. */
export const testRounds = Number(process.env['STERNA_TEST_ROUNDS'] ?? 1)

/** Numbers from 0 to 1 that a seed makes again. */
export function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** FUZZ_RUNS and FUZZ_SEED make a run longer, or the same again. */
export function fuzzParameters(): { readonly numRuns: number; readonly seed?: number } {
  const { FUZZ_RUNS, FUZZ_SEED } = process.env
  const numRuns = Number(FUZZ_RUNS ?? 300)
  return FUZZ_SEED === undefined ? { numRuns } : { numRuns, seed: Number(FUZZ_SEED) }
}

import type { Parameters } from 'fast-check'

/** How many runs a property gets, and from which seed: FUZZ_RUNS and FUZZ_SEED, or so many from a random one. */
export function fuzzRuns(usual: number): Parameters<unknown> {
  const { FUZZ_RUNS: runs, FUZZ_SEED: seed } = process.env
  return {
    numRuns: runs === undefined ? usual : Number(runs),
    ...(seed === undefined ? {} : { seed: Number(seed) }),
  }
}

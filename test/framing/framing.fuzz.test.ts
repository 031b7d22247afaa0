import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareBatch, newTally } from './compare.ts'
import { ThroughProxy } from './through-proxy.ts'

const { FUZZ_SEED, FUZZ_RUNS } = process.env
const SEED = Number(FUZZ_SEED ?? 20_261_122)
const TEXTS = Number(FUZZ_RUNS ?? 4000)

test(`no message is taken that llhttp refuses or frames differently (seed ${SEED})`, async () => {
  const tally = newTally()
  for (let from = 0; from < TEXTS; from += 500) await compareBatch(SEED, from, Math.min(from + 500, TEXTS), tally)
  assert.deepEqual(tally.findings.slice(0, 3), [])
  assert.ok(tally.taken > TEXTS / 3, 'enough of the texts are messages')
})

test(`what the router passes on is read by llhttp as the router read it (seed ${SEED})`, async () => {
  await using proxy = await ThroughProxy.start(SEED)
  const tally = newTally()
  await proxy.compareBatch(0, TEXTS / 10, tally)
  assert.deepEqual(tally.findings.slice(0, 3), [])
  assert.ok(tally.taken > TEXTS / 20, 'enough of the texts are compared')
})

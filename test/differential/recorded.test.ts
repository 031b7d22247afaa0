// What the original, release 1.7.3, did with some random routers and requests. To record it anew:
//   UPDATE=1 FABIO_REFERENCE=/path/to/fabio node --test test/differential/recorded.test.ts

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startFabio } from '../harness/start-fabio.ts'
import { findDifference, type Observation } from './compare.ts'
import { Chance, type GeneratedRequest, generateRequest, generateRouter } from './generate.ts'
import { NEW, startReference } from './reference.ts'
import { Asker } from './side.ts'
import { startSurroundings } from './upstreams.ts'

const FILE = join(import.meta.dirname, 'recorded-1.7.3.jsonl')
const TABLES = 12
const REQUESTS = 80
const SEED = 173_000

/** A line of the file. */
interface Recorded {
  /** Of the routes, flags and requests: an answer belongs to what was asked. */
  readonly asked: string
  readonly observations: readonly Observation[]
}

function generate(table: number) {
  const chance = new Chance(SEED + table)
  const router = generateRouter(chance, NEW)
  const requests: GeneratedRequest[] = []
  for (let i = 0; i < REQUESTS; i++) requests.push(generateRequest(chance, router.matching, NEW))
  const asked = createHash('sha256').update(JSON.stringify({ router, requests })).digest('base64url')
  return { router, requests, asked }
}

async function record(reference: string): Promise<void> {
  await using around = await startSurroundings()
  const lines: string[] = []
  for (let table = 0; table < TABLES; table++) {
    const { router, requests, asked } = generate(table)
    await using theirs = await startReference(reference, around.fill(router.routes), router.flags.map(around.fill))
    using asker = new Asker(theirs.port)
    const observations: Observation[] = []
    for (const { bytes, method } of requests) {
      const { outcome, seen } = await around.observe(asker, bytes, method)
      const { date: _date, ...headers } = outcome.headers
      observations.push({ outcome: { ...outcome, headers }, seen })
    }
    lines.push(JSON.stringify({ asked, observations } satisfies Recorded))
  }
  writeFileSync(FILE, `${lines.join('\n')}\n`)
}

const { UPDATE, FABIO_REFERENCE } = process.env
if (UPDATE === '1' && FABIO_REFERENCE !== undefined) await record(FABIO_REFERENCE)
const recorded = readFileSync(FILE, 'utf8')
  .trimEnd()
  .split('\n')
  .map(line => JSON.parse(line) as Recorded)

test(`${TABLES} random tables with ${REQUESTS} requests each are answered as the original answered them`, async () => {
  await using around = await startSurroundings()
  assert.equal(recorded.length, TABLES)
  for (const [table, { asked, observations }] of recorded.entries()) {
    const { router, requests, asked: asking } = generate(table)
    assert.equal(asked, asking, 'the requests are no longer those that were recorded: record them anew, as said above')
    const flags = router.flags.map(around.fill)
    await using ours = await startFabio({ routes: around.fill(router.routes), flags, logLevel: 'FATAL' })
    using asker = new Asker(ours.port)
    for (const [i, { bytes, method }] of requests.entries()) {
      const expected = observations[i]
      assert.ok(expected !== undefined)
      const difference = findDifference(expected, await around.observe(asker, bytes, method), bytes, NEW)
      if (difference !== undefined && difference !== 'known') {
        assert.fail(`table ${table}, request ${i}\n${flags.join(' ')}\n${router.routes}\n${difference}`)
      }
    }
  }
})

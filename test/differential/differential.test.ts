// Random routers and requests against the original: FABIO_REFERENCE names its binary.
//   FABIO_REFERENCE=/path/to/fabio DIFFERENTIAL_TABLES=200 node --test test/differential/differential.test.ts
// Without it there is what the original did with some of them: recorded.test.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startFabio } from '../harness/start-fabio.ts'
import { findDifference } from './compare.ts'
import { Chance, generateRequest, generateRouter } from './generate.ts'
import { abilitiesOf, startReference } from './reference.ts'
import { Asker } from './side.ts'
import { startSurroundings } from './upstreams.ts'

const reference = process.env.FABIO_REFERENCE
const tables = Number(process.env.DIFFERENTIAL_TABLES ?? 20)
const requestsPerTable = Number(process.env.DIFFERENTIAL_REQUESTS ?? 150)
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000)

if (reference !== undefined) {
  const name = `${tables} random tables with ${requestsPerTable} requests each are answered as by the original (seed ${seed})`
  test(name, { timeout: 3_600_000 }, async t => {
    const able = abilitiesOf(reference)
    await using around = await startSurroundings()
    const differences: string[] = []
    let requests = 0
    let known = 0
    for (let table = 0; table < tables; table++) {
      const chance = new Chance(seed + table)
      const router = generateRouter(chance, able)
      const routes = around.fill(router.routes)
      const flags = router.flags.map(around.fill)
      await using theirs = await startReference(reference, routes, flags)
      await using ours = await startFabio({ routes, flags, logLevel: 'FATAL' })
      using askTheirs = new Asker(theirs.port)
      using askOurs = new Asker(ours.port)
      for (let i = 0; i < requestsPerTable; i++) {
        const { bytes, method } = generateRequest(chance, router.matching, able)
        const expected = await around.observe(askTheirs, bytes, method)
        const got = await around.observe(askOurs, bytes, method)
        const difference = findDifference(expected, got, bytes, able)
        if (difference === 'known') known++
        else if (difference !== undefined) {
          differences.push(
            `seed ${seed + table}, request ${i}\n${router.flags.join(' ')}\n${router.routes}\n${difference}`,
          )
        }
        requests++
      }
    }
    t.diagnostic(
      `${tables} tables, ${requests} requests, ${differences.length} differences, ${known} that docs/differences.md names`,
    )
    assert.equal(differences.length, 0, differences.slice(0, 2).join('\n'))
  })
}

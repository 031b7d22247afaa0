import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { explainLookup } from '../../src/route/explain-lookup.ts'
import { fuzzRuns } from './fuzz-runs.ts'
import { emptyTable, hostKeys, requestHosts, requestPaths, routePaths, spec } from './route-samples.ts'

const sources = fc.array(fc.tuple(hostKeys, routePaths), { maxLength: 20 })
const requests = fc.array(fc.tuple(requestHosts, requestPaths, fc.boolean()), { minLength: 1, maxLength: 12 })
const tables = fc.record({ matcher: fc.constantFrom('prefix', 'iprefix', 'glob'), globHosts: fc.boolean() })

test('what is explained is what the table does, for every table and every request', () => {
  fc.assert(
    fc.property(tables, sources, requests, (options, routes, asked) => {
      const table = emptyTable(options)
      const edit = table.edit()
      for (const [host, path] of routes) edit.apply({ host, path: host.startsWith(':') ? '' : path, targets: [spec()] })
      edit.commit()
      for (const [host, path, isTls] of asked) {
        const explained = explainLookup(table, options.matcher, { host, path, isTls })
        let expected = table.lookup(host, path, isTls)
        for (const route of explained.routes) {
          assert.equal(route, expected)
          expected = expected && table.lookupAfter(expected, host, path, isTls)
        }
        assert.equal(expected, undefined)

        const outcomes = explained.hosts.map(({ outcome }) => outcome)
        const winners = explained.hosts.filter(({ outcome }) => outcome === 'wins')
        assert.deepEqual(
          winners.map(({ key }) => key),
          explained.routes.slice(0, 1).map(route => route.host),
        )
        // In the order of precedence: what would do but comes later stands behind what wins.
        const first = outcomes.findIndex(outcome => outcome === 'wins' || outcome === 'later')
        assert.ok(first < 0 || outcomes[first] === 'wins', outcomes.join())
        const order = explained.hosts.filter(({ outcome }) => outcome === 'wins' || outcome === 'later')
        assert.deepEqual(
          order.map(({ key }) => key),
          explained.routes.map(route => route.host),
        )
        for (const { paths, outcome } of explained.hosts) {
          const taken = paths.filter(({ wins }) => wins)
          assert.equal(taken.length, outcome === 'wins' || outcome === 'later' ? 1 : 0)
          assert.ok(taken.every(({ fits }) => fits))
          assert.equal(paths.find(({ fits }) => fits)?.wins ?? false, taken.length === 1)
        }
      }
    }),
    fuzzRuns(500),
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { RouteChange } from '../../src/route/change.ts'
import type { Route, RouteTable } from '../../src/route/table.ts'
import { fuzzRuns } from './fuzz-runs.ts'
import type { LinearRoute } from './linear-table.ts'
import { LinearTable } from './linear-table.ts'
import { emptyTable, hostKeys, requestHosts, requestPaths, routePaths, spec } from './route-samples.ts'

const changes: fc.Arbitrary<RouteChange> = fc
  .tuple(hostKeys, routePaths, fc.subarray(['one', 'two', 'three']), fc.boolean())
  .map(([host, path, services, isGone]) => ({
    host,
    path: host.startsWith(':') ? '' : path,
    targets: isGone ? [] : services.map(service => spec({ service })),
  }))

const batches = fc.array(fc.array(changes, { maxLength: 12 }), { minLength: 1, maxLength: 6 })
const requests = fc.array(fc.tuple(requestHosts, requestPaths, fc.boolean()), { minLength: 1, maxLength: 12 })
const tables = fc.record({ matcher: fc.constantFrom('prefix', 'iprefix', 'glob'), globHosts: fc.boolean() })

test('the table routes every request as the documented order says, after every change', () => {
  fc.assert(
    fc.property(tables, batches, requests, (options, edits, asked) => {
      const table = emptyTable(options)
      const linear = new LinearTable(options)
      for (const edit of edits) {
        const before = [...table.routes()]
        const open = table.edit()
        for (const change of edit) open.apply(change)
        assert.deepEqual([...table.routes()], before, 'what is staged cannot be seen')
        open.commit()
        for (const change of edit) linear.apply(change)

        assert.deepEqual([...table.routes()].map(nameOf), linear.routes().map(nameOf))
        assert.equal(table.size, linear.routes().flatMap(route => route.targets).length)
        for (const [host, path, isTls] of asked) {
          const expected = linear.candidates(host, path, isTls).map(nameOf)
          assert.deepEqual(candidates(table, host, path, isTls), expected, `${host} ${path} ${isTls}`)
          assert.equal(nameOf(table.lookupExact(host)), nameOf(linear.exact(host)))
        }
      }
    }),
    fuzzRuns(500),
  )
})

test('a table that was changed step by step is the one built at once from what is left', () => {
  fc.assert(
    fc.property(tables, batches, requests, (options, edits, asked) => {
      const changed = emptyTable(options)
      const linear = new LinearTable(options)
      for (const edit of edits) {
        const open = changed.edit()
        for (const change of edit) {
          open.apply(change)
          linear.apply(change)
        }
        open.commit()
      }
      const built = emptyTable(options)
      const open = built.edit()
      for (const route of linear.routes()) open.apply(route)
      open.commit()

      assert.deepEqual([...changed.routes()].map(nameOf), [...built.routes()].map(nameOf))
      for (const [host, path, isTls] of asked) {
        assert.deepEqual(candidates(changed, host, path, isTls), candidates(built, host, path, isTls))
      }
    }),
    fuzzRuns(200),
  )
})

test('an edit that is given up leaves no trace', () => {
  fc.assert(
    fc.property(tables, batches, batches, requests, (options, edits, givenUp, asked) => {
      const table = emptyTable(options)
      const untouched = emptyTable(options)
      for (const edit of edits) {
        const abandoned = table.edit()
        for (const change of givenUp.flat()) abandoned.apply(change)
        for (const open of [table.edit(), untouched.edit()]) {
          for (const change of edit) open.apply(change)
          open.commit()
        }
        assert.throws(() => abandoned.commit(), /a later edit/)
      }
      assert.deepEqual([...table.routes()].map(nameOf), [...untouched.routes()].map(nameOf))
      assert.equal(table.size, untouched.size)
      for (const [host, path, isTls] of asked) {
        assert.deepEqual(candidates(table, host, path, isTls), candidates(untouched, host, path, isTls))
      }
    }),
    fuzzRuns(150),
  )
})

function candidates(table: RouteTable, host: string, path: string, isTls: boolean): readonly string[] {
  const found: string[] = []
  let route = table.lookup(host, path, isTls)
  while (route !== undefined) {
    found.push(nameOf(route))
    route = table.lookupAfter(route, host, path, isTls)
  }
  return found
}

function nameOf(route: Route | LinearRoute | undefined): string {
  if (route === undefined) return 'none'
  const services = route.targets.map(target => ('spec' in target ? target.spec.service : target.service))
  return `${route.host} ${route.path} ${services.join(' ')}`
}

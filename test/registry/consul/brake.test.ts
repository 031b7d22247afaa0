import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Brake, type Credibility } from '../../../src/registry/consul/brake.ts'
import type { HealthChange } from '../../../src/registry/consul/check-mirror.ts'

const key = (i: number): string => `web-${i}`
const up = (i: number): HealthChange => ({
  key: key(i),
  now: { key: key(i), node: 'n', serviceId: key(i), service: 'web', out: undefined, signature: '' },
})
const gone = (i: number): HealthChange => ({ key: key(i), now: undefined })
const down = (i: number): HealthChange => ({
  key: key(i),
  now: {
    key: key(i),
    node: 'n',
    serviceId: key(i),
    service: 'web',
    out: { kind: 'unhealthy', passing: 0, total: 1 },
    signature: '',
  },
})
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)

/** So many instances with one route each, and what of them is admitted is done. */
function startRouting(count: number, options: { percent?: number; routes?: number } = {}) {
  const { percent = 50, routes = 10 } = options
  const routed = new Set(range(0, count).map(key))
  const countRoutes = (one: string): number => (routed.has(one) ? 1 : 0)
  const brake = new Brake({ percent, routes, countRoutes, total: () => routed.size })
  const admit = (changes: readonly HealthChange[], credibility: Partial<Credibility> = {}): number => {
    for (const { key: one, now } of brake.admit(changes, { isConfirmed: false, isSuspect: false, ...credibility })) {
      if (now !== undefined && now.out === undefined) routed.add(one)
      else routed.delete(one)
    }
    return routed.size
  }
  return { brake, admit }
}

for (const { title, count, changes, left, percent, routes } of [
  { title: 'half of them', count: 20, changes: range(0, 10).map(gone), left: 10 },
  { title: 'more than half of them', count: 20, changes: range(0, 11).map(gone), left: 20 },
  { title: 'more than half of them, unhealthy', count: 20, changes: range(0, 11).map(down), left: 20 },
  { title: 'all of a small table', count: 9, changes: range(0, 9).map(gone), left: 0 },
  { title: 'all of ten', count: 10, changes: range(0, 10).map(gone), left: 10 },
  { title: 'all of ten when twelve are needed', count: 10, changes: range(0, 10).map(gone), left: 0, routes: 12 },
  { title: 'everything at 100 percent', count: 20, changes: range(0, 20).map(gone), left: 0, percent: 100 },
  { title: 'ten of a hundred at 5 percent', count: 100, changes: range(0, 10).map(gone), left: 100, percent: 5 },
]) {
  test(`${title}: ${left} of ${count} are left`, () => {
    const options = { ...(percent === undefined ? {} : { percent }), ...(routes === undefined ? {} : { routes }) }
    const { admit, brake } = startRouting(count, options)
    assert.equal(admit(changes), left)
    assert.equal(brake.held, left === count ? changes.length : 0)
    assert.equal(brake.heldRoutes, brake.held)
  })
}

test('what comes meanwhile is admitted, and what comes back is held no more', () => {
  const { admit, brake } = startRouting(20)
  assert.equal(admit(range(0, 15).map(gone)), 20)
  assert.equal(admit([up(100), up(3)]), 21)
  assert.equal(brake.held, 14)
  assert.equal(admit([]), 21, 'nothing is admitted by waiting alone')
})

test('what is still missing when most have come back stays held', () => {
  const { admit, brake } = startRouting(20)
  admit(range(0, 15).map(gone))
  assert.equal(admit(range(0, 14).map(up)), 20)
  assert.equal(brake.held, 1)
  assert.equal(admit([gone(14)]), 20, 'also when it is said again')
  assert.equal(admit([gone(19)]), 19, 'one that goes now is an ordinary withdrawal')
  assert.equal(admit([], { isConfirmed: true }), 18)
  assert.equal(brake.held, 0)
})

test('a list of a Consul that counts anew withdraws nothing, however small the table is', () => {
  const { admit, brake } = startRouting(3)
  assert.equal(admit([gone(0), up(5)], { isSuspect: true }), 4)
  assert.equal(brake.held, 1)
  assert.equal(admit([gone(1)]), 3, 'the list after it is an ordinary one')
  assert.equal(admit([], { isConfirmed: true }), 2)
})

test('at 100 percent nothing is held, whatever Consul counts', () => {
  const { admit, brake } = startRouting(3, { percent: 100 })
  assert.equal(admit(range(0, 3).map(gone), { isSuspect: true }), 0)
  assert.equal(brake.held, 0)
})

test('withdrawals that follow add to what is held', () => {
  const { admit, brake } = startRouting(20)
  admit(range(0, 11).map(gone))
  assert.equal(admit([gone(15)]), 20)
  assert.equal(brake.held, 12)
})

test('a confirmation admits everything', () => {
  const { admit, brake } = startRouting(20)
  admit(range(0, 20).map(gone))
  assert.equal(admit([], { isConfirmed: true }), 0)
  assert.equal(brake.held, 0)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countAcrossThreads, countPerThread, createPicker } from '../../src/route/picker.ts'
import { RouteSlots } from '../../src/route/route-slots.ts'
import type { Route, RouteTable } from '../../src/route/table.ts'
import { emptyTable, spec } from './route-samples.ts'
import { tableFromText } from './table-from-text.ts'

const PAIR = 'route add a / http://a\nroute add b / http://b\nroute add c /one http://c'

test('rr takes the targets of a route in turn, each route for itself', () => {
  const table = tableFromText(`${PAIR}\nroute add d /two http://d\nroute add e /two http://e`)
  const pick = createPicker('rr', countPerThread)
  const services = (path: string, times: number) =>
    Array.from({ length: times }, () => pick(routeOf(table, path)).service)
  assert.deepEqual(services('/', 3), ['a', 'b', 'a'])
  assert.deepEqual(services('/two', 3), ['d', 'e', 'd'])
  assert.deepEqual(services('/', 2), ['b', 'a'])
})

test('a single target is picked without counting', () => {
  const table = tableFromText(PAIR)
  const route = routeOf(table, '/one')
  for (const strategy of ['rr', 'rnd'] as const)
    assert.equal(createPicker(strategy, countPerThread)(route).service, 'c')
  assert.equal(route.turn.count, 0)
})

test('rnd picks in proportion to the weights', () => {
  const table = tableFromText('route add a / http://a weight 0.9\nroute add b / http://b')
  const pick = createPicker('rnd', countPerThread)
  const route = routeOf(table, '/')
  const share = Array.from({ length: 10_000 }, () => pick(route).service).filter(service => service === 'a').length
  assert.ok(share > 8600 && share < 9400, String(share))
})

test('threads that share a count take turns', () => {
  const memory = new SharedArrayBuffer(16)
  const targets = [spec({ service: 'a' }), spec({ service: 'b' })]
  const threads = [1, 2].map(() => {
    const table = emptyTable()
    const edit = table.edit()
    edit.apply({ host: '', path: '/', targets, slot: 2 })
    edit.commit()
    return { pick: createPicker('rr', countAcrossThreads(memory)), route: routeOf(table, '/') }
  })
  const picked = [0, 1, 0, 1, 1, 0].map(thread => threads[thread]?.pick(threads[thread].route).service)
  assert.deepEqual(picked, ['a', 'b', 'a', 'b', 'a', 'b'])
})

test('a route without a place in the shared memory is counted by its thread', () => {
  const pick = createPicker('rr', countAcrossThreads(new SharedArrayBuffer(0)))
  const route = routeOf(tableFromText(PAIR), '/')
  assert.deepEqual([pick(route).service, pick(route).service], ['a', 'b'])
})

test('a count that starts over at its largest value still picks a target', () => {
  const memory = new SharedArrayBuffer(4)
  new Uint32Array(memory)[0] = 0xffffffff
  const table = emptyTable()
  const edit = table.edit()
  edit.apply({ host: '', path: '/', targets: [spec({ service: 'a' }), spec({ service: 'b' })], slot: 0 })
  edit.commit()
  const pick = createPicker('rr', countAcrossThreads(memory))
  assert.deepEqual([pick(routeOf(table, '/')).service, pick(routeOf(table, '/')).service], ['b', 'a'])
})

test('slots are given to routes with several targets, kept, and given again when the route is gone', () => {
  const slots = new RouteSlots(2)
  const two = [spec(), spec()]
  const slotsOf = (changes: readonly { path: string; targets: typeof two }[]) =>
    slots.assign(changes.map(change => ({ host: '', ...change }))).map(change => change.slot)
  assert.deepEqual(slotsOf([{ path: '/a', targets: two }]), [0])
  assert.deepEqual(slotsOf([{ path: '/one', targets: [spec()] }]), [undefined])
  assert.deepEqual(slotsOf([{ path: '/a', targets: [spec()] }]), [0])
  assert.deepEqual(
    slotsOf([
      { path: '/b', targets: two },
      { path: '/c', targets: two },
    ]),
    [1, undefined],
  )
  assert.deepEqual(
    slotsOf([
      { path: '/a', targets: [] },
      { path: '/c', targets: two },
    ]),
    [undefined, 0],
  )
})

function routeOf(table: RouteTable, path: string): Route {
  const route = table.lookup('h', path, false)
  assert.ok(route !== undefined)
  return route
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TargetSpec } from '../../src/route/command.ts'
import type { RouteTableOptions } from '../../src/route/table.ts'
import { RouteTable } from '../../src/route/table.ts'
import { Target } from '../../src/route/target.ts'
import { emptyTable, spec } from './route-samples.ts'

const A = spec({ dst: 'http://a:1/' })
const B = spec({ dst: 'http://b:1/' })
const C = spec({ dst: 'http://c:1/' })

test('a target stays the same object for as long as its spec is in the route', () => {
  const { table, made, dropped } = observedTable()
  change(table, { targets: [A, B] })
  const before = targetsOf(table)
  change(table, { targets: [{ ...B }, C, structuredClone(A)] })
  const after = targetsOf(table)
  assert.equal(after[0], before[1])
  assert.equal(after[2], before[0])
  assert.deepEqual(made, ['http://a:1/', 'http://b:1/', 'http://c:1/'])
  assert.deepEqual(dropped, [])

  change(table, { targets: [C] })
  assert.deepEqual(dropped, ['http://b:1/', 'http://a:1/'].toSorted())
  change(table, { targets: [] })
  assert.deepEqual(dropped.length, 3)
  assert.equal(table.size, 0)
})

test('targets with equal specs are two targets', () => {
  const { table, made, dropped } = observedTable()
  change(table, { targets: [A, A] })
  const [first, second] = targetsOf(table)
  assert.notEqual(first, second)
  change(table, { targets: [A, B, A] })
  assert.deepEqual(new Set(targetsOf(table).filter(target => target !== targetsOf(table)[1])), new Set([first, second]))
  assert.equal(made.length, 3)
  assert.deepEqual(dropped, [])
})

test('a route with many targets keeps them by what they are, not by where they stand', () => {
  const { table, made } = observedTable()
  const specs = Array.from({ length: 1000 }, (_, index) => spec({ dst: `http://h:${index}/` }))
  change(table, { targets: specs })
  const before = new Set(targetsOf(table))
  change(table, { targets: specs.toReversed().slice(1) })
  assert.ok(targetsOf(table).every(target => before.has(target)))
  assert.equal(made.length, 1000)
})

test('changes of one route in one edit make and drop each target once', () => {
  const { table, made, dropped } = observedTable()
  change(table, { targets: [A] })
  const [kept] = targetsOf(table)
  const edit = table.edit()
  edit.apply({ host: 'h', path: '/', targets: [] })
  edit.apply({ host: 'h', path: '/', targets: [B, C] })
  edit.apply({ host: 'h', path: '/', targets: [C, A] })
  assert.deepEqual(targetsOf(table), [kept])
  edit.commit()
  assert.equal(targetsOf(table)[1], kept)
  assert.deepEqual(made, ['http://a:1/', 'http://b:1/', 'http://c:1/'])
  assert.deepEqual(dropped, ['http://b:1/'])
  assert.equal(table.size, 2)
})

test('an edit that is given up drops the targets it made', () => {
  const { table, dropped } = observedTable()
  change(table, { targets: [A] })
  table.edit().apply({ host: 'h', path: '/', targets: [A, B] })
  table.edit()
  assert.deepEqual(dropped, ['http://b:1/'])
  assert.equal(table.size, 1)
})

test('an edit cannot go on after its commit', () => {
  const table = emptyTable()
  const edit = table.edit()
  edit.commit()
  assert.throws(() => edit.apply({ host: '', path: '/', targets: [A] }), /is over/)
  assert.throws(() => edit.commit(), /a later edit/)
})

test('an iteration over the routes is not disturbed by a commit', () => {
  const table = emptyTable()
  for (const path of ['/a', '/b', '/c']) change(table, { path, targets: [A] })
  const seen: string[] = []
  for (const route of table.routes()) {
    seen.push(route.path)
    if (seen.length === 1) change(table, { path: '/b', targets: [] })
  }
  assert.deepEqual(seen, ['/c', '/b', '/a'])
})

test('a host keeps its routes when they become so many that they are kept otherwise', () => {
  const table = emptyTable()
  const paths = Array.from({ length: 300 }, (_, n) => `/service-${n}/`)
  for (const path of paths) change(table, { path, targets: [A] })
  const staged = table.edit()
  for (const path of paths) staged.apply({ host: 'h', path, targets: path === '/service-7/' ? [] : [B] })
  assert.ok(paths.every(path => table.lookup('h', `${path}x`, false)?.path === path))
  assert.equal(table.lookup('h', '/service-7/', false)?.only?.url, A.dst)
  staged.commit()
  assert.equal(table.lookup('h', '/service-7/', false), undefined)
  assert.equal(table.lookup('h', '/service-77/', false)?.only?.url, B.dst)
  assert.equal([...table.routesOf('h')].length, 299)
})

test('the count of picks goes on when the targets of a route change', () => {
  const table = emptyTable()
  change(table, { targets: [A, B] })
  const before = table.lookup('h', '/', false)
  if (before !== undefined) before.turn.count = 7
  change(table, { targets: [A, B, C] })
  assert.equal(table.lookup('h', '/', false)?.turn.count, 7)
})

test('a route knows its slot, and has none when it was given none', () => {
  const table = emptyTable()
  change(table, { targets: [A] })
  assert.equal(table.lookup('h', '/', false)?.slot, -1)
  change(table, { targets: [A], slot: 3 })
  assert.equal(table.lookup('h', '/', false)?.slot, 3)
})

test('a target is told which route it is for', () => {
  const routes: unknown[] = []
  const table = emptyTable({
    makeTarget(targetSpec, route) {
      routes.push(route)
      return new Target(targetSpec)
    },
  })
  change(table, { path: '/x', targets: [A] })
  assert.deepEqual(routes, [{ host: 'h', path: '/x' }])
})

function change(
  table: RouteTable,
  { path = '/', ...rest }: { path?: string; targets: readonly TargetSpec[]; slot?: number },
): void {
  const edit = table.edit()
  edit.apply({ host: 'h', path, ...rest })
  edit.commit()
}

function targetsOf(table: RouteTable): readonly Target[] {
  return table.lookup('h', '/', false)?.targets ?? []
}

function observedTable(): { table: RouteTable; made: string[]; dropped: string[] } {
  const made: string[] = []
  const dropped: string[] = []
  const options: RouteTableOptions<Target> = {
    matcher: 'prefix',
    globHosts: true,
    makeTarget(targetSpec) {
      made.push(targetSpec.dst)
      return new Target(targetSpec)
    },
    dropTarget(target) {
      dropped.push(target.spec.dst)
      dropped.sort()
    },
  }
  return { table: new RouteTable(options), made, dropped }
}

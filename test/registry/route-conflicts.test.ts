import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RouteFeed } from '../../src/registry/route-feed.ts'
import { expandPattern, RouteShadows } from '../../src/registry/route-shadows.ts'
import type { RouteChange } from '../../src/route/change.ts'
import type { PathMatcher } from '../../src/route/path-index.ts'
import { RouteTable } from '../../src/route/table.ts'
import { Target } from '../../src/route/target.ts'

function reasonsOf(text: string): readonly string[] {
  const feed = new RouteFeed()
  feed.setText('kv', text)
  feed.commit()
  return feed.problems().map(({ reason }) => reason)
}

describe('definitions that get in each other’s way', () => {
  for (const { name, text, reasons } of [
    {
      name: 'targets of one route with different options',
      text: 'route add a h.test/x http://a:1/ opts "strip=/x"\nroute add b h.test/x http://b:1/',
      reasons: ['different options on one route: a with strip=/x, b with no options'],
    },
    {
      name: 'the same options in another order, and a name to register',
      text: 'route add a /x http://a:1/ opts "strip=/x host=dst"\nroute add b /x http://b:1/ opts "host=dst strip=/x register=b"',
      reasons: [],
    },
    {
      name: 'one target with two kinds of options',
      text: 'route add a /x http://a:1/ opts "strip=/x"\nroute add a /x http://a:1/ opts "strip=/y"',
      reasons: ['service a defines the target http://a:1/ twice, with strip=/x and with strip=/y'],
    },
    {
      name: 'two services on one TCP port',
      text: 'route add mysql :3306 tcp://a:1\nroute add maria :3306 tcp://b:1',
      reasons: ['2 services claim TCP port 3306: mysql, maria'],
    },
    {
      name: 'two instances of a service on one TCP port',
      text: 'route add mysql :3306 tcp://a:1\nroute add mysql :3306 tcp://b:1',
      reasons: [],
    },
  ]) {
    test(name, () => assert.deepEqual(reasonsOf(text), reasons))
  }

  test('are new once, and gone when one of them is gone', () => {
    let now = 1000
    const feed = new RouteFeed({ now: () => now })
    feed.setText('a', 'route add a /x http://a:1/ opts "strip=/x"')
    feed.setText('b', 'route add b /x http://b:1/')
    assert.equal(feed.commit()?.newProblems.length, 1)
    now = 2000
    feed.setText('c', 'route add c /y http://c:1/')
    assert.deepEqual(feed.commit()?.newProblems, [])
    assert.equal(feed.problems()[0]?.since, 1000)
    assert.deepEqual(feed.problems()[0]?.origin, { kind: 'route', host: '', path: '/x', services: ['a', 'b'] })
    feed.removeText('a')
    assert.equal(feed.commit()?.goneProblems.length, 1)
    assert.deepEqual(feed.problems(), [])
  })

  test('a double definition is gone when the first one is', () => {
    const feed = new RouteFeed()
    feed.setText('a', 'route add a /x http://a:1/ opts "strip=/x"')
    feed.setText('b', 'route add a /x http://a:1/')
    feed.commit()
    assert.equal(feed.problems().length, 1)
    feed.removeText('a')
    feed.commit()
    assert.deepEqual(feed.problems(), [])
  })
})

class Shadowing {
  readonly #table: RouteTable
  readonly #shadows: RouteShadows

  constructor(matcher: PathMatcher) {
    this.#table = new RouteTable({ matcher, globHosts: true, makeTarget: spec => new Target(spec) })
    this.#shadows = new RouteShadows({ matcher, globHosts: true })
  }

  set(...sources: readonly string[]): readonly string[] {
    return this.#apply(sources, [{ service: 's', dst: 'http://s:1/', fixedWeight: 0, tags: [], options: [] }])
  }

  remove(...sources: readonly string[]): readonly string[] {
    return this.#apply(sources, [])
  }

  #apply(sources: readonly string[], targets: RouteChange['targets']): readonly string[] {
    const edit = this.#table.edit()
    const changes = sources.map(src => {
      const slash = src.indexOf('/')
      return { host: src.slice(0, slash), path: src.slice(slash), targets }
    })
    for (const change of changes) edit.apply(change)
    edit.commit()
    this.#shadows.update(changes, this.#table)
    return this.#shadows.list().map(({ reason }) => reason)
  }
}

describe('a route that no request can take', () => {
  test('paths that differ in case only, with matcher iprefix', () => {
    const shadowing = new Shadowing('iprefix')
    assert.deepEqual(shadowing.set('h.test/Shop', 'h.test/shop', 'h.test/shop/x'), [
      'no request takes the route h.test/Shop: h.test/shop takes all that are for it',
    ])
    assert.deepEqual(shadowing.remove('h.test/shop'), [])
  })

  test('routes for any host below a pattern for every host', () => {
    const shadowing = new Shadowing('prefix')
    assert.deepEqual(shadowing.set('/a', '/b', 'h.test/a'), [])
    assert.deepEqual(shadowing.set('*/a'), ['no request takes the route /a: */a takes all that are for it'])
    assert.deepEqual(shadowing.remove('*/a'), [])
  })

  test('a pattern is shadowed only when each of its alternatives is', () => {
    const shadowing = new Shadowing('prefix')
    assert.deepEqual(shadowing.set('{a,b}.test/', 'a.test/'), [])
    assert.deepEqual(shadowing.set('b.test/'), [
      'no request takes the route {a,b}.test/: a.test/ takes all that are for it',
    ])
  })

  test('nothing is said of routes that share their requests', () => {
    const shadowing = new Shadowing('glob')
    assert.deepEqual(shadowing.set('h.test/a*', 'h.test/a/b', '*.test/a*', 'h.test:80/a*', '/'), [])
  })

  for (const { pattern, expected } of [
    { pattern: 'a.test', expected: ['a.test'] },
    { pattern: '*.{a,b}.test', expected: ['sample.a.test', 'sample.b.test'] },
    { pattern: '[!xy]?.{a,{b,c}}', expected: ['xx.a', 'xx.b', 'xx.c'] },
  ]) {
    test(`the pattern ${pattern} is tried with ${expected.join(', ')}`, () => {
      assert.deepEqual(new Set(expandPattern(pattern)), new Set(expected))
    })
  }
})

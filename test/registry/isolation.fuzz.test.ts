// One good service beside whatever anybody may write into tags and keys. FUZZ_RUNS is the number of bad texts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { CatalogInstance } from '../../src/consul/decode.ts'
import { KeptTags } from '../../src/registry/consul/kept-tags.ts'
import { buildServiceRoutes } from '../../src/registry/consul/service-routes.ts'
import { RouteFeed } from '../../src/registry/route-feed.ts'
import { RouteShadows } from '../../src/registry/route-shadows.ts'
import { parseRouteLine } from '../../src/route/parse-commands.ts'
import { RouteTable } from '../../src/route/table.ts'
import { Target } from '../../src/route/target.ts'
import { fuzzRuns } from '../route/fuzz-runs.ts'

const CONTEXT = { matcher: 'prefix', globHosts: true } as const
const RULES = { tagPrefix: 'urlprefix-', datacenter: 'dc1' }
/** Instances and keys whose texts change all the time. */
const PLACES = 50

const PIECES = [
  'urlprefix-',
  'route add ',
  'route del ',
  'route weight ',
  'bad ',
  'bad.test/',
  ':3306',
  '*.{a,b',
  '[x',
  'http://[::1',
  'http://h:99999/',
  'tcp://',
  ' weight=',
  ' weight ',
  '1e999',
  '-0x',
  ' opts "strip=',
  ' tags "a,,b"',
  ' redirect=',
  '302',
  ' allow=ip:',
  '10.0.0.0/99',
  ' auth=',
  '$DC',
  '${',
  '%zz',
  '"',
  '\\',
  '\n',
  '\r\n',
  '\t',
  '\0',
  '\u2028',
  '\ud800',
  'é😀',
  '#',
  '//',
  ' ',
  '=',
  ',',
]

/** Small and seeded, so that a failure can be repeated. */
class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((this.#state / 2 ** 32) * limit)
  }

  text(): string {
    let text = this.below(3) > 0 ? 'urlprefix-' : ''
    for (let n = this.below(8); n >= 0; n--) {
      text += this.below(4) === 0 ? String.fromCharCode(this.below(0x300)) : (PIECES[this.below(PIECES.length)] ?? '')
    }
    return text
  }
}

function instance(service: string, id: string, serviceTags: readonly string[]): CatalogInstance {
  const place = { node: 'n', nodeAddress: '10.0.0.1', serviceAddress: '', servicePort: 80, modifyIndex: 1 }
  return { ...place, serviceName: service, serviceId: id, serviceTags }
}

/** Lines that are commands and may be meant for the good service are somebody's will, not a mistake. */
function withoutWill(text: string): string {
  return text
    .split('\n')
    .filter(line => {
      const parsed = parseRouteLine(line, 1)
      if (parsed.kind !== 'command' || parsed.command.kind === 'add') return true
      return parsed.command.service !== undefined && parsed.command.service !== 'good'
    })
    .join('\n')
}

function usedHeap(): number {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  collect()
  return process.memoryUsage().heapUsed
}

test('whatever is written beside it, a good service keeps its routes, and nothing piles up', t => {
  const { numRuns = 0, seed = Math.floor(Math.random() * 2 ** 31) } = fuzzRuns(20_000)
  const dice = new Dice(seed)
  const feed = new RouteFeed(CONTEXT)
  const table = new RouteTable({ ...CONTEXT, makeTarget: spec => new Target(spec) })
  const shadows = new RouteShadows(CONTEXT)
  const keptTags = new KeptTags(CONTEXT)
  const good = buildServiceRoutes(instance('good', 'good-1', ['urlprefix-good.test/shop', 'blue']), RULES)
  feed.setInstance('good', good.definitions, good.problems)
  let problems = 0

  const turn = (run: number): void => {
    const place = dice.below(PLACES)
    const text = dice.text()
    if (run % 2 === 0) {
      const bad = instance('bad', `bad-${place}`, [text, dice.text()])
      const keepsGood = dice.below(2) === 0
      const routes = keepsGood ? keptTags.routesOf(`bad-${place}`, bad, RULES) : buildServiceRoutes(bad, RULES)
      feed.setInstance(`bad-${place}`, routes.definitions, routes.problems)
    } else {
      feed.setText(`fabio/config/${place}`, withoutWill(`${text}\n${dice.text()}`))
    }
    const change = feed.commit()
    if (change !== undefined) {
      const edit = table.edit()
      for (const route of change.routes) {
        assert.notEqual(route.host, 'good.test', `seed ${seed}, run ${run}: ${JSON.stringify(text)}`)
        edit.apply(route)
      }
      edit.commit()
      shadows.update(change.routes, table)
      problems += change.newProblems.length
    }
    const found = table.lookup('good.test', '/shop/cart', false)
    assert.equal(found?.targets[0].url, 'http://10.0.0.1:80/', `seed ${seed}, run ${run}: ${JSON.stringify(text)}`)
    assert.equal(found?.host, 'good.test')
  }

  const first = feed.commit()
  const edit = table.edit()
  for (const route of first?.routes ?? []) edit.apply(route)
  edit.commit()
  // What fills up once (caches, compiled code) does so in the first part.
  const warmUp = Math.min(numRuns / 2, 50_000)
  for (let run = 0; run < warmUp; run++) turn(run)
  const before = usedHeap()
  for (let run = warmUp; run < numRuns; run++) turn(run)
  const grown = usedHeap() - before
  t.diagnostic(`${numRuns} texts, ${problems} problems, the heap grew by ${Math.round(grown / 1024)} KiB`)
  assert.ok(problems > numRuns / 10, 'most of the texts are mistakes')
  assert.ok(grown < 8 * 1024 * 1024, `the heap grew by ${grown} bytes`)
})

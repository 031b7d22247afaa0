// What a lookup costs as the table grows, what building and changing a table costs, and what the route feed takes to turn
// definitions into changes. Run: node --expose-gc bench/route-lookup.bench.ts
import { BlockList } from 'node:net'
import type { RouteDefinition } from '../src/registry/route-feed.ts'
import { RouteFeed } from '../src/registry/route-feed.ts'
import { parseAccessRules } from '../src/route/access-rules.ts'
import type { RouteChange } from '../src/route/change.ts'
import type { TargetSpec } from '../src/route/command.ts'
import { splitSource } from '../src/route/host-path.ts'
import type { PathMatcher } from '../src/route/path-index.ts'
import type { TableEdit } from '../src/route/table.ts'
import { RouteTable } from '../src/route/table.ts'
import { Target } from '../src/route/target.ts'

const SIZES = [10, 100, 1000, 10_000, 100_000]
const LOOKUPS = 2000
const ROUNDS = 101
const WARMUP = 20
const CHANGED = 60_000

interface Shape {
  readonly name: string
  readonly matcher: PathMatcher
  /** The source of the nth of `size` routes. */
  readonly source: (n: number, size: number) => string
  /** A request for the nth of them. */
  readonly request: (n: number) => { readonly host: string; readonly path: string }
}

const SHAPES: readonly Shape[] = [
  {
    name: 'exact hosts',
    matcher: 'prefix',
    source: n => `shop-${n}.example.com/`,
    request: n => ({ host: `shop-${n}.example.com`, path: '/cart/items/7' }),
  },
  {
    name: 'wildcard hosts',
    matcher: 'prefix',
    source: n => `*.customer-${n}.example.com/`,
    request: n => ({ host: `www.customer-${n}.example.com`, path: '/cart/items/7' }),
  },
  {
    name: 'wildcard beside exact',
    matcher: 'prefix',
    source: (n, size) => (n < size / 2 ? `shop-${n}.example.com/` : `*.customer-${n - size / 2}.example.com/`),
    request: n => ({ host: `shop-${n}.example.com`, path: '/cart/items/7' }),
  },
  {
    name: 'braces in hosts',
    matcher: 'prefix',
    source: n => `{www,api}.customer-${n}.example.com/`,
    request: n => ({ host: `api.customer-${n}.example.com`, path: '/cart/items/7' }),
  },
  {
    name: 'paths of one host',
    matcher: 'prefix',
    source: n => `example.com/api/v1/service-${n}/`,
    request: n => ({ host: 'example.com', path: `/api/v1/service-${n}/items/7` }),
  },
  {
    name: 'paths, iprefix',
    matcher: 'iprefix',
    source: n => `example.com/api/v1/service-${n}/`,
    request: n => ({ host: 'example.com', path: `/api/v1/Service-${n}/items/7` }),
  },
  {
    name: 'path globs',
    matcher: 'glob',
    source: n => `example.com/api/v1/service-${n}/*/items`,
    request: n => ({ host: 'example.com', path: `/api/v1/service-${n}/x/items` }),
  },
  {
    name: 'no host',
    matcher: 'prefix',
    source: n => `/service-${n}/`,
    request: n => ({ host: 'example.com', path: `/service-${n}/items/7` }),
  },
]

console.log(`ns per lookup of ${LOOKUPS} different requests, median of ${ROUNDS} rounds; routes: ${SIZES.join(', ')}`)
for (const shape of SHAPES) {
  const times = SIZES.map(size => Math.round(lookupTime(shape, size)))
  console.log(`${shape.name.padEnd(22)} ${times.map(time => String(time).padStart(6)).join(' ')}`)
}

console.log(
  `\nms to stage and to commit ${CHANGED} routes of a new table, to stage and to commit one change then, and to remove all`,
)
for (const shape of SHAPES) console.log(`${shape.name.padEnd(22)} ${editTimes(shape).join('  ')}`)

console.log('\nthe route feed, ms')
for (const [name, time] of feedTimes()) console.log(`${name.padEnd(60)} ${time}`)

console.log('\nan access rule of 8 blocks, ns per address')
for (const [name, time] of accessTimes()) console.log(`${name.padEnd(22)} ${time}`)

function lookupTime(shape: Shape, size: number): number {
  const table = emptyTable(shape.matcher)
  const edit = table.edit()
  for (const change of changesOf(shape, size)) edit.apply(change)
  edit.commit()

  // A round is so short that most go by without the machine doing something else meanwhile.
  const asked = Array.from({ length: LOOKUPS }, (_, n) => {
    const { host, path } = shape.request((n * 7919) % Math.max(1, Math.floor(size / 2)))
    return { host: flat(host), path: flat(path) }
  })
  let found = 0
  const round = () => {
    const before = process.hrtime.bigint()
    for (const { host, path } of asked) {
      if (table.lookup(host, path, false) !== undefined) found++
    }
    return Number(process.hrtime.bigint() - before) / asked.length
  }
  for (let n = 0; n < WARMUP; n++) round()
  const time = median(Array.from({ length: ROUNDS }, round))
  if (found !== LOOKUPS * (ROUNDS + WARMUP)) throw new Error(`${shape.name}: ${found} lookups found a route`)
  return time
}

function editTimes(shape: Shape): readonly string[] {
  const times: number[][] = Array.from({ length: 5 }, () => [])
  for (let n = 0; n < 7; n++) {
    globalThis.gc?.()
    const table = emptyTable(shape.matcher)
    const changes = changesOf(shape, CHANGED)
    const whole = table.edit()
    times[0]?.push(milliseconds(() => applyAll(whole, changes)))
    times[1]?.push(milliseconds(() => whole.commit()))

    const one = table.edit()
    const [change] = changesOf(shape, 1, 'http://10.9.9.9:80/')
    times[2]?.push(milliseconds(() => applyAll(one, change === undefined ? [] : [change])))
    times[3]?.push(milliseconds(() => one.commit()))

    const none = table.edit()
    for (const gone of changes) none.apply({ ...gone, targets: [] })
    times[4]?.push(milliseconds(() => none.commit()))
    if (table.size !== 0) throw new Error(`${table.size} targets are left`)
  }
  return times.map(list => median(list).toFixed(3).padStart(8))
}

function feedTimes(): readonly (readonly [string, string])[] {
  const instances = Array.from({ length: CHANGED }, (_, n) => ({
    key: `node.web-${n}`,
    definitions: [definition(n, '80')],
  }))
  const feed = new RouteFeed()
  const load = milliseconds(() => {
    for (const { key, definitions } of instances) feed.setInstance(key, definitions, [])
    feed.commit()
  })
  const changes = Array.from({ length: 1000 }, (_, n) =>
    milliseconds(() => {
      feed.setInstance(`node.web-${n}`, [definition(n, '81')], [])
      feed.commit()
    }),
  )
  const again = milliseconds(() => {
    for (const { key, definitions } of instances) feed.setInstance(key, definitions, [])
    feed.commit()
  })
  const lines = instances.map(
    ({ definitions }, n) => `route add web-${n} ${definitions[0]?.command.src} http://10.0.0.1:80/`,
  )
  const text = new RouteFeed()
  const whole = milliseconds(() => {
    text.setText('routes', lines.join('\n'))
    text.commit()
  })
  const edited = milliseconds(() => {
    text.setText('routes', lines.toSpliced(30_000, 1, 'route add web /new http://10.0.0.1:80/').join('\n'))
    text.commit()
  })
  return [
    [`${CHANGED} instances with one definition each`, load.toFixed(0)],
    ['one of them changed, median of 1000', median(changes).toFixed(3)],
    [`${CHANGED} instances said again, 1000 of them different`, again.toFixed(0)],
    [`a text of ${CHANGED} lines`, whole.toFixed(0)],
    ['one line of it changed', edited.toFixed(0)],
    ['the document as text', milliseconds(() => feed.document()).toFixed(0)],
  ]
}

function accessTimes(): readonly (readonly [string, string])[] {
  const blocks = Array.from({ length: 8 }, (_, n) => `10.${n}.0.0/16`)
  const rules = parseAccessRules({ allow: blocks.map(block => `ip:${block}`).join(','), deny: '' })
  const list = new BlockList()
  for (let n = 0; n < 8; n++) list.addSubnet(`10.${n}.0.0`, 16)
  const times = (check: (address: string) => boolean | undefined) => {
    const round = () => milliseconds(() => Array.from({ length: LOOKUPS }, (_, n) => check(`10.${n & 15}.3.4`)))
    return String(Math.round((median(Array.from({ length: ROUNDS }, round)) * 1e6) / LOOKUPS))
  }
  return [
    ['AccessRules', times(address => rules?.allows(address))],
    ['net.BlockList', times(address => list.check(address))],
  ]
}

function emptyTable(matcher: PathMatcher): RouteTable {
  return new RouteTable<Target>({ matcher, globHosts: true, makeTarget: spec => new Target(spec) })
}

function changesOf(shape: Shape, size: number, dst = 'http://10.0.0.1:80/'): readonly RouteChange[] {
  return Array.from({ length: size }, (_, n) => {
    const { host, path } = splitSource(shape.source(n, size))
    return { host: flat(host), path: flat(path), targets: [target(`service-${n}`, dst)] }
  })
}

function applyAll(edit: TableEdit, changes: readonly RouteChange[]): void {
  for (const change of changes) edit.apply(change)
}

function definition(n: number, port: string): RouteDefinition {
  const service = `web-${n % 10_000}`
  return {
    origin: { kind: 'service', service, instance: `web-${n}`, node: 'node', tag: 'urlprefix-/' },
    command: {
      kind: 'add',
      src: `host-${n % 20_000}.example.com/path/${n % 7}`,
      target: target(service, `http://10.${n >> 16}.${(n >> 8) & 255}.${n & 255}:${port}/`, ['blue', `v${n % 50}`]),
    },
  }
}

function target(service: string, dst: string, tags: readonly string[] = []): TargetSpec {
  return { service, dst, fixedWeight: 0, tags, options: [] }
}

/** The text in one piece, as it comes from a socket; a joined one would be flattened within the first lookup. */
function flat(text: string): string {
  return Buffer.from(text).toString('latin1')
}

function milliseconds(work: () => unknown): number {
  const before = process.hrtime.bigint()
  work()
  return Number(process.hrtime.bigint() - before) / 1e6
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN
}

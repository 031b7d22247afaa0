import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConsulConfig } from '../../../src/config/config.ts'
import { type ConsulDouble, type DoubleRequest, type Fault, startConsulDouble } from '../../harness/consul-double.ts'
import { connect } from '../contract.ts'
import { RecordedLog } from '../recorded-log.ts'
import { startRecording } from '../recorded-routes.ts'
import { registryConfig } from '../registry-config.ts'

const WEB = 'route add web web.test/ http://10.0.0.1:80/'
const DB = 'route add db :3306 tcp://10.0.0.2:3306'

/** Two services, an override, and a registry that has pushed them. */
async function startRouting(changes: Partial<ConsulConfig> = {}) {
  const stack = new AsyncDisposableStack()
  const consul = stack.use(await startConsulDouble())
  registerWeb(consul, '10.0.0.1')
  consul.setInstance({ service: 'db', address: '10.0.0.2', port: 3306, tags: ['urlprefix-:3306 proto=tcp'] })
  consul.setKey('fabio/config', 'route weight web web.test/ weight 0.1')
  const log = new RecordedLog()
  const registry = stack.use(await connect(registryConfig({ consul: { addr: consul.addr, ...changes } }), log))
  const routes = startRecording(registry)
  await registry.ready
  assert.deepEqual(routes.lines, [DB, WEB])
  return { consul, log, registry, routes, [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose]() }
}

function registerWeb(consul: ConsulDouble, address: string): void {
  consul.setInstance({ service: 'web', address, tags: ['urlprefix-web.test/'] })
}

const FAULTS: readonly { title: string; fault: Fault; on?: RegExp; times?: number }[] = [
  { title: 'says that there is no leader', fault: { kind: 'status', status: 500 } },
  { title: 'denies permission', fault: { kind: 'status', status: 403, body: 'Permission denied' } },
  { title: 'ends its answers in the middle', fault: { kind: 'truncated' } },
  { title: 'resets connections', fault: { kind: 'reset' } },
  { title: 'answers garbage', fault: { kind: 'body', body: '<html>' } },
  { title: 'answers other JSON', fault: { kind: 'body', body: '{"a":[null]}' } },
  { title: 'lists no checks', fault: { kind: 'body', body: '[]' }, on: /^health/ },
  {
    title: 'lists no checks and no instances',
    fault: { kind: 'body', body: '[]' },
    on: /^(health|catalog\/service\/)/,
  },
  { title: 'knows no service', fault: { kind: 'body', body: '[]' }, on: /^catalog\/service\// },
  { title: 'fails about services only', fault: { kind: 'status', status: 500 }, on: /^catalog\/service\// },
  { title: 'refuses transactions', fault: { kind: 'status', status: 405 }, on: /^txn$/, times: 1 },
]

for (const { title, fault, on = /^(health|catalog|kv|txn)/, times = 3 } of FAULTS) {
  test(`a Consul that ${title} costs no route, and what it says afterwards counts`, async () => {
    await using routing = await startRouting()
    const { consul, routes, registry } = routing
    const before = routes.changes
    let faults = 0
    const isFaulty = ({ path }: DoubleRequest) => on.test(path)
    const met = Promise.withResolvers<void>()
    consul.fault = request => {
      if (!isFaulty(request)) return undefined
      if (++faults === times) met.resolve()
      return fault
    }
    // Moves every index and makes everything look anew, whichever request it is that fails.
    registerWeb(consul, '10.0.0.3')
    consul.setInstance({ service: 'new', address: '10.0.0.9', tags: ['urlprefix-new.test/'] })
    consul.wake()
    await met.promise
    assert.ok(routes.lines.includes(DB))
    assert.ok(routes.lines.some(line => line.startsWith('route add web web.test/ ')))
    if (on.test('health') && on.test('kv')) assert.equal(routes.changes, before)
    assert.equal(routes.texts.get('fabio/config'), 'route weight web web.test/ weight 0.1')
    consul.fault = () => undefined
    consul.wake()
    await routes.untilLines(
      DB,
      'route add new new.test/ http://10.0.0.9:80/',
      'route add web web.test/ http://10.0.0.3:80/',
    )
    if (registry.status().state === 'stale') await routing.log.until(/^INFO consul: Watching .* again/)
  })
}

test('a Consul that hangs costs no route, and is left for a new attempt', async () => {
  await using routing = await startRouting()
  const { consul, routes } = routing
  consul.fault = ({ path }) => (path.startsWith('catalog/service/web') ? { kind: 'hang' } : undefined)
  consul.setInstance({ service: 'web', id: 'web-2', address: '10.0.0.5', tags: ['urlprefix-web.test/'] })
  await consul.untilRequested(/^catalog\/service\/web$/)
  // The query that hangs keeps nothing else from being seen.
  consul.removeInstance('db')
  await routes.untilLines(WEB)
  consul.fault = () => undefined
  await routes.untilLines(WEB, 'route add web web.test/ http://10.0.0.5:80/')
  assert.equal(
    routing.log.count(/^WARN consul: Error getting catalog service web\. GET .* no answer within 10000ms/),
    1,
  )
})

test('losing Consul is logged once per watch, and so is its return', async () => {
  await using routing = await startRouting()
  const { consul, log, registry } = routing
  consul.fault = () => ({ kind: 'status', status: 500 })
  consul.setKey('x', 'moves nothing here')
  registerWeb(consul, '10.0.0.3')
  await log.until(/^WARN consul: Error fetching health state\. Unexpected response code: 500 \(No cluster leader\)$/)
  await log.until(/^WARN consul: Error fetching config from \/fabio\/config\. Unexpected response code: 500/)
  await consul.untilRequested(/^health/)
  await consul.untilRequested(/^health/)
  const { state, reason, sources } = registry.status()
  assert.deepEqual({ state, reason }, { state: 'stale', reason: 'Unexpected response code: 500 (No cluster leader)' })
  assert.equal(sources.find(({ name }) => name === 'health state')?.isConnected, false)
  consul.fault = () => undefined
  await log.until(/^INFO consul: Watching health state again after \d+\.\ds$/)
  assert.equal(log.count(/Error fetching health state/), 1)
})

test('an index that goes backwards is followed', async () => {
  await using routing = await startRouting()
  const { consul, routes } = routing
  consul.fault = ({ path }) => (path.startsWith('health') ? { kind: 'index', index: '2' } : undefined)
  registerWeb(consul, '10.0.0.3')
  await routes.untilLines(DB, 'route add web web.test/ http://10.0.0.3:80/')
  consul.fault = () => undefined
  registerWeb(consul, '10.0.0.4')
  await routes.untilLines(DB, 'route add web web.test/ http://10.0.0.4:80/')
})

test('a list that is empty but for our own node empties the table, with a warning', async () => {
  await using routing = await startRouting()
  const { consul, routes, log } = routing
  consul.removeInstance('web')
  consul.removeInstance('db')
  await routes.untilLines()
  assert.equal(log.count(/^WARN consul: None of \d routed services is left/), 1)
})

test('a slow answer about one service does not hold up the others for long', async () => {
  await using routing = await startRouting({ serviceMonitors: 2 })
  const { consul, routes } = routing
  consul.fault = ({ path }) => (path === 'catalog/service/slow' ? { kind: 'delay', ms: 3000 } : undefined)
  consul.setInstance({ service: 'slow', address: '10.0.0.7', tags: ['urlprefix-slow.test/'] })
  consul.setInstance({ service: 'quick', address: '10.0.0.8', tags: ['urlprefix-quick.test/'] })
  const quick = 'route add quick quick.test/ http://10.0.0.8:80/'
  await routes.untilLines(DB, WEB, quick)
  await routes.untilLines(DB, WEB, quick, 'route add slow slow.test/ http://10.0.0.7:80/')
})

test('instances that come and go in one moment become visible in one change', async () => {
  await using routing = await startRouting()
  const { consul, routes } = routing
  consul.setInstance({
    service: 'web',
    id: 'green',
    address: '10.0.0.6',
    tags: ['urlprefix-web.test/'],
    status: 'critical',
  })
  await consul.untilRequested(/^txn$/)
  const before = routes.changes
  // One health answer shows both, for the watch rests a moment after the last one.
  consul.setCheck({ Node: 'n1', CheckID: 'service:green', Status: 'passing' })
  consul.setCheck({ Node: 'n1', CheckID: 'service:web', Status: 'critical' })
  await routes.untilLines(DB, 'route add web web.test/ http://10.0.0.6:80/')
  assert.equal(routes.changes, before + 1)
})

test('keys beside the path are named, not read', async () => {
  await using routing = await startRouting()
  const { consul, routes, log } = routing
  consul.setKey('fabio/config-old', 'route del web')
  await log.until(
    /^WARN consul: Not below "\/fabio\/config" and not read, although they begin alike: fabio\/config-old$/,
  )
  consul.setKey('fabio/config/extra', 'route del db')
  await routes.until(({ texts }) => texts.get('fabio/config/extra') === 'route del db')
  assert.equal(routes.texts.has('fabio/config-old'), false)
  consul.deleteKey('fabio/config')
  await routes.until(({ texts }) => !texts.has('fabio/config'))
  assert.equal(log.count(/although they begin alike/), 1)
})

test('in poll mode changes are found without blocking queries', async () => {
  await using routing = await startRouting({ pollIntervalMs: 30 })
  const { consul, routes } = routing
  registerWeb(consul, '10.0.0.3')
  await routes.untilLines(DB, 'route add web web.test/ http://10.0.0.3:80/')
  await consul.untilRequested(/^health/)
  const polls = consul.requests.filter(({ path }) => path.startsWith('health'))
  assert.ok(polls.length > 1)
  assert.ok(polls.every(({ query }) => !query.has('index')))
})

test('output that changes and states that do not matter cause no other request, and no change', async () => {
  await using routing = await startRouting()
  const { consul, routes } = routing
  const before = routes.changes
  for (const output of ['a', 'b', 'c']) {
    const asked = consul.untilRequested(/^health/)
    consul.setCheck({ Node: 'n1', CheckID: 'service:web', Output: output })
    await asked
  }
  assert.equal(consul.countRequests(/^catalog\/service\//), 2)
  assert.equal(consul.countRequests(/^txn$/), 0)
  assert.equal(routes.changes, before)
})

test('an instance without an address follows that of its node', async () => {
  await using routing = await startRouting()
  const { consul, routes } = routing
  consul.setInstance({ service: 'plain', tags: ['urlprefix-plain.test/'] })
  await routes.untilLines(DB, WEB, 'route add plain plain.test/ http://127.0.0.1:80/')
  consul.setNode('n1', '10.1.1.1')
  await routes.untilLines(DB, WEB, 'route add plain plain.test/ http://10.1.1.1:80/')
})

test('an instance that is registered again under another name moves there', async () => {
  await using routing = await startRouting()
  const { consul, routes } = routing
  consul.setInstance({ service: 'shop', id: 'web', address: '10.0.0.1', tags: ['urlprefix-web.test/'] })
  await routes.untilLines(DB, 'route add shop web.test/ http://10.0.0.1:80/')
})

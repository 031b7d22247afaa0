import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ConsulConfig, RegistryConfig } from '../../../src/config/config.ts'
import { type ConsulDouble, startConsulDouble } from '../../harness/consul-double.ts'
import { until } from '../../harness/until.ts'
import { connect } from '../contract.ts'
import { RecordedLog } from '../recorded-log.ts'
import { startRecording } from '../recorded-routes.ts'
import { registryConfig } from '../registry-config.ts'

const SERVICES = 12
const line = (i: number, port = 80): string => `route add svc-${i} svc-${i}.test/ http://10.0.0.${i}:${port}/`
const lines = (from = 0, to = SERVICES): string[] => Array.from({ length: to - from }, (_, i) => line(from + i))

function register(consul: ConsulDouble, i: number, port = 80): void {
  consul.setInstance({ service: `svc-${i}`, address: `10.0.0.${i}`, port, tags: [`urlprefix-svc-${i}.test/`] })
}

function registerAll(consul: ConsulDouble): void {
  for (let i = 0; i < SERVICES; i++) register(consul, i)
}

function removeAll(consul: ConsulDouble): void {
  for (let i = 0; i < SERVICES; i++) consul.removeInstance(`svc-${i}`)
}

interface Changes extends Partial<Omit<RegistryConfig, 'consul'>> {
  readonly consul?: Partial<ConsulConfig>
}

async function open(changes: Changes) {
  const log = new RecordedLog()
  const registry = await connect(registryConfig(changes), log)
  const routes = startRecording(registry)
  return { log, registry, routes, [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose]() }
}

const brake = (graceMs: number) => ({ brake: { percent: 50, routes: 10, graceMs } })

test('when all routes would go at once they stay for the grace time, until a consistent read confirms it', async () => {
  await using consul = await startConsulDouble()
  registerAll(consul)
  const consistency = { requireConsistent: false, allowStale: true }
  await using router = await open({ ...brake(300), consul: { addr: consul.addr, ...consistency } })
  const { routes, registry, log } = router
  await routes.untilLines(...lines())
  removeAll(consul)
  await log.until(/^WARN consul: Holding back the withdrawal of 12 of 12 routes for 0\.3s/)
  const { held } = registry.status()
  assert.deepEqual({ instances: held?.instances, routes: held?.routes }, { instances: 12, routes: 12 })
  // What comes is not held.
  register(consul, 50)
  await routes.untilLines(...lines(), line(50))
  const second = await consul.untilRequested(/^health\/state\/any$/)
  await routes.untilLines(line(50))
  assert.equal(registry.status().held, undefined)
  assert.equal(log.count(/^WARN consul: A consistent read confirms it: 12 routes are withdrawn$/), 1)
  assert.ok(
    [second, ...consul.requests].some(({ path, query }) => path.startsWith('health') && query.has('consistent')),
  )
})

test('routes that are held back stay when their services come back, and nothing is withdrawn', async () => {
  await using consul = await startConsulDouble()
  registerAll(consul)
  await using router = await open({ ...brake(60_000), consul: { addr: consul.addr } })
  const { routes, registry, log } = router
  await routes.untilLines(...lines())
  const before = routes.changes
  removeAll(consul)
  await log.until(/^WARN consul: Holding back/)
  registerAll(consul)
  register(consul, 0, 81)
  await log.until(/^INFO consul: No routes are held back any more$/)
  await routes.untilLines(line(0, 81), ...lines(1))
  assert.equal(registry.status().held, undefined)
  assert.ok(routes.history.slice(before).every(one => one.length === SERVICES))
})

test('a second look that fails is repeated, and holds until it succeeds', async () => {
  await using consul = await startConsulDouble()
  registerAll(consul)
  await using router = await open({ ...brake(50), consul: { addr: consul.addr } })
  const { routes, log } = router
  await routes.untilLines(...lines())
  removeAll(consul)
  await log.until(/^WARN consul: Holding back/)
  consul.fault = ({ path, query }) =>
    path.startsWith('health') && !query.has('index') ? { kind: 'body', body: '[]' } : undefined
  await consul.untilRequested(/^agent\/self$/)
  await consul.untilRequested(/^agent\/self$/)
  assert.deepEqual(routes.lines, lines().sort())
  consul.fault = () => undefined
  await routes.untilLines()
})

test('services that come back one after the other after an empty list are never without their routes', async () => {
  await using consul = await startConsulDouble()
  registerAll(consul)
  await using router = await open({ ...brake(60_000), consul: { addr: consul.addr } })
  const { routes, registry, log } = router
  await routes.untilLines(...lines())
  const before = routes.changes
  removeAll(consul)
  await log.until(/^WARN consul: Holding back/)
  for (let i = 0; i < SERVICES; i++) {
    register(consul, i)
    await until(
      `svc-${i} is known to be back`,
      () => registry.status().held?.instances === (SERVICES - 1 - i || undefined),
    )
  }
  assert.ok(routes.history.slice(before).every(one => one.length === SERVICES))
})

test('a Consul that counts anew withdraws no route of a small table, until a consistent read confirms it', async () => {
  await using consul = await startConsulDouble()
  for (let i = 0; i < 3; i++) register(consul, i)
  await using router = await open({ ...brake(300), consul: { addr: consul.addr } })
  const { routes, log } = router
  await routes.untilLines(...lines(0, 3))
  consul.fault = ({ path }) => (path === 'health/state/any' ? { kind: 'index', index: '2' } : undefined)
  consul.removeInstance('svc-1')
  await log.until(/^WARN consul: Holding back the withdrawal of 1 of 3 routes for 0\.3s/)
  assert.deepEqual(routes.lines, lines(0, 3).sort())
  await routes.untilLines(line(0), line(2))
})

test('a small table is not held', async () => {
  await using consul = await startConsulDouble()
  for (let i = 0; i < 9; i++) register(consul, i)
  await using router = await open({ consul: { addr: consul.addr } })
  await router.routes.untilLines(...lines(0, 9))
  for (let i = 0; i < 9; i++) consul.removeInstance(`svc-${i}`)
  await router.routes.untilLines()
})

for (const { title, graceMs, percent, isKept } of [
  { title: 'keeps the overrides', graceMs: 60_000, percent: 50, isKept: true },
  { title: 'has no overrides after a consistent read says so', graceMs: 300, percent: 50, isKept: false },
  { title: 'has no overrides at once without a brake', graceMs: 60_000, percent: 100, isKept: false },
]) {
  test(`a Consul that counts anew and has lost its keys ${title}`, async () => {
    await using consul = await startConsulDouble()
    consul.setKey('fabio/config', 'route del a')
    consul.setKey('fabio/noroute.html', '<b>none</b>')
    const options = { brake: { percent, routes: 10, graceMs }, consul: { addr: consul.addr } }
    await using router = await open(options)
    const { routes, log } = router
    await routes.until(({ html, texts }) => html !== '' && texts.size === 1)
    consul.fault = ({ path }) => (path.startsWith('kv/') ? { kind: 'index', index: '2' } : undefined)
    consul.deleteKey('fabio/config')
    consul.deleteKey('fabio/noroute.html')
    if (isKept) {
      for (const path of ['config', 'noroute.html'])
        await log.until(new RegExp(`^WARN consul: Keeping what was below /fabio/${path} for 60s`))
      assert.equal(routes.texts.get('fabio/config'), 'route del a')
      assert.equal(routes.html, '<b>none</b>')
      consul.fault = () => undefined
      consul.setKey('fabio/config', 'route del b')
      await routes.until(({ texts }) => texts.get('fabio/config') === 'route del b')
    } else {
      await routes.until(({ html, texts }) => html === '' && texts.size === 0)
      assert.equal(log.count(/^WARN consul: A consistent read confirms it: nothing is below/), percent === 100 ? 0 : 2)
    }
  })
}

async function makeSnapshot() {
  const directory = await mkdtemp(join(tmpdir(), 'outage-'))
  return { path: join(directory, 'routes.snapshot'), [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) }
}

/** A router that has seen everything, ended, and left its snapshot. */
async function leaveSnapshot(consul: ConsulDouble, path: string): Promise<void> {
  registerAll(consul)
  consul.setKey('fabio/config', 'route del a')
  consul.setKey('fabio/noroute.html', '<b>none</b>')
  await using router = await open({ snapshot: { path }, consul: { addr: consul.addr } })
  await router.registry.ready
  await router.routes.until(({ html }) => html !== '')
}

for (const { title, fault } of [
  { title: 'has no leader', fault: { kind: 'status', status: 500 } },
  { title: 'refuses the token', fault: { kind: 'status', status: 403, body: 'ACL not found' } },
  { title: 'hangs', fault: { kind: 'hang' } },
  { title: 'breaks connections', fault: { kind: 'reset' } },
  { title: 'says nothing but []', fault: { kind: 'body', body: '[]' } },
] as const) {
  test(`a start while Consul ${title} serves what the snapshot knows, and then what Consul says`, async () => {
    await using snapshot = await makeSnapshot()
    await using consul = await startConsulDouble()
    await leaveSnapshot(consul, snapshot.path)
    const written = await readFile(snapshot.path, 'utf8')
    consul.removeInstance('svc-1')
    register(consul, 2, 82)
    consul.fault = () => fault
    await using router = await open({ snapshot, consul: { addr: consul.addr } })
    const { routes, registry, log } = router
    await registry.ready
    assert.deepEqual(routes.lines, lines().sort())
    assert.equal(routes.texts.get('fabio/config'), 'route del a')
    assert.equal(registry.noRouteHtml, '<b>none</b>')
    const { state, snapshot: restored } = registry.status()
    assert.equal(state, 'stale')
    assert.ok((restored?.writtenAt ?? 0) > 0)
    assert.equal(await readFile(snapshot.path, 'utf8'), written, 'what is only restored is not written')
    consul.fault = () => undefined
    consul.dropConnections()
    await routes.untilLines(line(0), line(2, 82), ...lines(3))
    await log.until(/^INFO consul: The routes are Consul's again$/)
    assert.equal(registry.status().snapshot, undefined)
    await until('the status is well', () => registry.status().state === 'connected')
    assert.ok(routes.history.every(one => one.length >= SERVICES - 1))
  })
}

test('a Consul that answers makes the snapshot unnecessary', async () => {
  await using snapshot = await makeSnapshot()
  await using consul = await startConsulDouble()
  await leaveSnapshot(consul, snapshot.path)
  removeAll(consul)
  await using router = await open({ snapshot, consul: { addr: consul.addr } })
  await router.registry.ready
  assert.deepEqual(router.routes.lines, [])
  assert.equal(router.registry.status().state, 'connected')
})

test('a Consul that comes back without any services does not take away what was restored, for the grace time', async () => {
  await using snapshot = await makeSnapshot()
  await using consul = await startConsulDouble()
  await leaveSnapshot(consul, snapshot.path)
  consul.fault = () => ({ kind: 'status', status: 500 })
  await using router = await open({ snapshot, ...brake(300), consul: { addr: consul.addr } })
  await router.registry.ready
  removeAll(consul)
  consul.fault = () => undefined
  await router.log.until(/^WARN consul: Holding back the withdrawal of 12 of 12 routes/)
  assert.deepEqual(router.routes.lines, lines().sort())
  await router.routes.untilLines()
})

for (const { title, spoil } of [
  { title: 'of another Consul', spoil: (text: string) => text.replace('127.0.0.1:', '127.0.0.2:') },
  { title: 'cut off', spoil: (text: string) => text.slice(0, text.length / 2) },
]) {
  test(`a snapshot that is ${title} is not used, with a warning`, async () => {
    await using snapshot = await makeSnapshot()
    await using consul = await startConsulDouble()
    await leaveSnapshot(consul, snapshot.path)
    await writeFile(snapshot.path, spoil(await readFile(snapshot.path, 'utf8')))
    consul.fault = () => ({ kind: 'status', status: 500 })
    await using router = await open({ snapshot, deadlineMs: 50, retryMs: 10, consul: { addr: consul.addr } })
    assert.ok(router.log.count(/^WARN The snapshot \S+ is not used: /) > 0)
    assert.deepEqual(router.routes.lines, [])
  })
}

test('a snapshot that cannot be written costs a warning', async () => {
  await using consul = await startConsulDouble()
  registerAll(consul)
  await using router = await open({ snapshot: { path: '/nowhere/at/all' }, consul: { addr: consul.addr } })
  await router.routes.untilLines(...lines())
  await router.log.until(/^WARN Cannot write the snapshot \/nowhere\/at\/all\. ENOENT/)
})

test('when one agent does not answer the next one is asked', async () => {
  await using first = await startConsulDouble()
  await using second = await startConsulDouble()
  for (const consul of [first, second]) registerAll(consul)
  await using router = await open({ consul: { addr: `${first.addr},${second.addr}` } })
  await router.routes.untilLines(...lines())
  assert.equal(second.requests.length, 0)
  await first[Symbol.asyncDispose]()
  register(second, 3, 83)
  await router.routes.untilLines(...lines(0, 3), line(3, 83), ...lines(4))
  await until('all is well', () => router.registry.status().state === 'connected')
})

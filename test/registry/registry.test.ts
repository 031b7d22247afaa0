import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { connectRegistry } from '../../src/registry/registry.ts'
import { startConsulDouble } from '../harness/consul-double.ts'
import { CONTRACT_PAGE, CONTRACT_ROUTES, connect, testRegistryContract } from './contract.ts'
import { RecordedLog } from './recorded-log.ts'
import { startRecording } from './recorded-routes.ts'
import { registryConfig } from './registry-config.ts'

testRegistryContract('static', { skip: false }, async () => ({
  config: registryConfig({ backend: 'static', static: { routes: CONTRACT_ROUTES, noRouteHtml: CONTRACT_PAGE } }),
  source: 'registry.static.routes',
  async [Symbol.asyncDispose]() {},
}))

testRegistryContract('file', { skip: false }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'routes-'))
  const path = join(directory, 'routes')
  const noRouteHtmlPath = join(directory, 'page.html')
  await writeFile(path, CONTRACT_ROUTES)
  await writeFile(noRouteHtmlPath, CONTRACT_PAGE)
  return {
    config: registryConfig({ backend: 'file', file: { path, noRouteHtmlPath } }),
    source: path,
    change: text => writeFile(path, text),
    changePage: html => writeFile(noRouteHtmlPath, html),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  }
})

testRegistryContract('consul', { skip: false }, async () => {
  const consul = await startConsulDouble()
  consul.setKey('fabio/config', CONTRACT_ROUTES)
  consul.setKey('fabio/noroute.html', CONTRACT_PAGE)
  return {
    config: registryConfig({ consul: { addr: consul.addr } }),
    source: 'fabio/config',
    change: async text => consul.setKey('fabio/config', text),
    changePage: async html => consul.setKey('fabio/noroute.html', html),
    [Symbol.asyncDispose]: () => consul[Symbol.asyncDispose](),
  }
})

test('a required backend that is not there is tried until the timeout, at least once', async () => {
  for (const [timeoutMs, atLeast] of [
    [0, 1],
    [200, 2],
  ] as const) {
    const log = new RecordedLog()
    const config = registryConfig({ timeoutMs, retryMs: 20, isRequired: true, consul: { addr: '127.0.0.1:1' } })
    await assert.rejects(connect(config, log), { message: 'Timeout registering backend.' })
    assert.ok(
      log.count(/^WARN Error initializing backend\. GET http:\/\/127\.0\.0\.1:1\/v1\/agent\/self: .*ECONNREFUSED/) >=
        atLeast,
      log.lines.join('\n'),
    )
  }
})

test('a Consul that is not there at the deadline is asked until it answers, and the start goes on without it', async () => {
  await using consul = await startConsulDouble()
  consul.setKey('fabio/config', CONTRACT_ROUTES)
  consul.fault = () => ({ kind: 'status', status: 500 })
  const log = new RecordedLog()
  const config = registryConfig({ timeoutMs: 10_000, deadlineMs: 100, retryMs: 20, consul: { addr: consul.addr } })
  await using registry = await connect(config, log)
  assert.equal(log.count(/^WARN consul: Cannot reach Consul, starting without it\./), 1)
  const routes = startRecording(registry)
  const { state, reason, sources } = registry.status()
  assert.deepEqual({ state, reason, sources }, { state: 'stale', reason: 'Consul was not reached yet', sources: [] })
  await consul.untilRequested(/^agent\/self$/)
  consul.fault = () => undefined
  await registry.ready
  assert.equal(routes.texts.get('fabio/config'), CONTRACT_ROUTES)
  assert.equal(registry.status().state, 'connected')
})

test('a Consul that hangs holds the start up until the deadline only', async () => {
  await using consul = await startConsulDouble()
  consul.fault = () => ({ kind: 'hang' })
  await using registry = await connect(registryConfig({ deadlineMs: 600, consul: { addr: consul.addr } }))
  assert.equal(registry.status().state, 'stale')
})

test('a backend that comes up in time is connected to', async () => {
  await using consul = await startConsulDouble()
  let refusals = 2
  consul.fault = () => (refusals-- > 0 ? { kind: 'status', status: 500 } : undefined)
  const log = new RecordedLog()
  await using _ = await connect(registryConfig({ consul: { addr: consul.addr } }), log)
  assert.deepEqual(log.lines, [
    'WARN Error initializing backend. Unexpected response code: 500 (No cluster leader)',
    'WARN Error initializing backend. Unexpected response code: 500 (No cluster leader)',
    `INFO consul: Connecting to "${consul.addr}" in datacenter "dc1"`,
    'INFO consul: Connecting to default namespace',
  ])
})

test('the attempts end when the process is told to stop', async () => {
  const abort = new AbortController()
  const log = new RecordedLog()
  const config = registryConfig({ timeoutMs: 60_000, retryMs: 60_000, consul: { addr: '127.0.0.1:1' } })
  const connecting = connectRegistry(config, {
    log,
    signal: abort.signal,
    env: {},
    context: { matcher: 'prefix', globHosts: true },
  })
  await log.until(/Error initializing backend/)
  abort.abort()
  await assert.rejects(connecting, { name: 'AbortError' })
})

test('an address to register that has no port ends the start, unless nothing is registered', async () => {
  await using consul = await startConsulDouble()
  const { consul: usual } = registryConfig()
  const log = new RecordedLog()
  const withRegister = (register: typeof usual.register) =>
    registryConfig({ timeoutMs: 0, consul: { addr: consul.addr, register } })
  await assert.rejects(connect(withRegister({ ...usual.register, addr: '10.0.0.7' }), log), {
    message: 'Timeout registering backend.',
  })
  assert.equal(log.count(/^WARN Error initializing backend\. address 10\.0\.0\.7: missing port in address$/), 1)
  await using _ = await connect(withRegister({ ...usual.register, addr: '10.0.0.7', enabled: false }))
})

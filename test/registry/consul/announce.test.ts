import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { test } from 'node:test'
import type { ConsulConfig } from '../../../src/config/config.ts'
import { ConsulClient } from '../../../src/consul/client.ts'
import { loadEndpoint } from '../../../src/consul/endpoint.ts'
import { createAnnouncer } from '../../../src/registry/consul/announce.ts'
import {
  buildRegistration,
  formatGoDuration,
  resolveRegisterAddress,
} from '../../../src/registry/consul/registration.ts'
import { type ConsulDouble, startConsulDouble } from '../../harness/consul-double.ts'
import { RecordedLog } from '../recorded-log.ts'
import { consulConfig } from '../registry-config.ts'

const HOST = hostname()
const register = consulConfig().register

async function startAnnouncing(
  aliases: readonly string[],
  changes: Partial<ConsulConfig['register']> = {},
  prepare: (consul: ConsulDouble) => void = () => {},
) {
  const stack = new AsyncDisposableStack()
  const consul = stack.use(await startConsulDouble())
  prepare(consul)
  const config = consulConfig({ addr: consul.addr, register: { ...register, ...changes } })
  const client = stack.use(new ConsulClient(loadEndpoint(config, {}), { env: {}, consistency: 'default' }))
  const log = new RecordedLog()
  const announcer = createAnnouncer({ client, config, log, intervalMs: 50, stopLimitMs: 200 })
  const announcement = stack.use(await announcer.start(aliases))
  const ids = () => [...consul.registered.keys()].sort()
  return { consul, log, announcement, ids, [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose]() }
}

test('the registration is, field for field, what Fabio sends', () => {
  const config = consulConfig({ register: { ...register, addr: '10.0.0.7:9998' } })
  assert.equal(
    JSON.stringify(buildRegistration('fabio', { ip: '10.0.0.7', port: 9998 }, config)),
    `{"ID":"fabio-${HOST}-9998","Name":"fabio","Port":9998,"Address":"10.0.0.7","Check":null,"Checks":[{"CheckID":"fabio-${HOST}-9998-ttl","TTL":"15s","DeregisterCriticalServiceAfter":"1m0s"},{"Interval":"1s","Timeout":"3s","HTTP":"http://10.0.0.7:9998/health"}]}`,
  )
})

test('tags, namespace, scheme and IPv6 are part of it', () => {
  const config = consulConfig({
    namespace: 'team',
    register: { ...register, addr: '[fd00::7]:9998', tags: ['a', 'b'], checkTlsSkipVerify: true, checkScheme: 'https' },
  })
  const { Tags, Namespace, Checks } = buildRegistration('fabio', { ip: 'fd00::7', port: 9998 }, config)
  assert.deepEqual(Tags, ['a', 'b'])
  assert.equal(Namespace, 'team')
  assert.deepEqual(Checks[1], {
    Interval: '1s',
    Timeout: '3s',
    HTTP: 'https://[fd00::7]:9998/health',
    TLSSkipVerify: true,
  })
})

for (const [ms, text] of [
  [0, '0s'],
  [500, '500ms'],
  [1.5, '1.5ms'],
  [0.25, '250µs'],
  [0.0005, '500ns'],
  [1000, '1s'],
  [1500, '1.5s'],
  [60_000, '1m0s'],
  [90_000, '1m30s'],
  [3_600_000, '1h0m0s'],
  [-1500, '-1.5s'],
] as const) {
  test(`${ms}ms is ${text} to Consul`, () => assert.equal(formatGoDuration(ms), text))
}

for (const { addr, ip } of [
  { addr: '10.0.0.7:9998', ip: /^10\.0\.0\.7$/ },
  { addr: '[fd00::7]:9998', ip: /^fd00::7$/ },
  { addr: 'localhost:9998', ip: /^(127\.0\.0\.1|::1)$/ },
]) {
  test(`registry.consul.register.addr = ${addr} registers ${ip}`, async () => {
    const resolved = await resolveRegisterAddress(addr, new RecordedLog())
    assert.match(resolved.ip, ip)
    assert.equal(resolved.port, 9998)
  })
}

for (const addr of [':9998', '0.0.0.0:9998', '[::]:9998', 'no-such-host.invalid:9998']) {
  test(`registry.consul.register.addr = ${addr} registers an address of this machine, if it has one`, async () => {
    const log = new RecordedLog()
    try {
      const { ip } = await resolveRegisterAddress(addr, log)
      assert.doesNotMatch(ip, /^(127\.|0\.|169\.254\.|::|fe80:)/)
    } catch (cause) {
      assert.ok(cause instanceof Error)
      assert.equal(cause.message, 'no local ip')
    }
    assert.equal(
      log.count(/^WARN consul: registry\.consul\.register\.addr: .*no-such-host/),
      addr.startsWith('no') ? 1 : 0,
    )
  })
}

for (const { addr, message } of [
  { addr: '10.0.0.7', message: 'address 10.0.0.7: missing port in address' },
  { addr: 'fd00::7:9998', message: 'address fd00::7:9998: too many colons in address' },
  { addr: '10.0.0.7:http', message: "registry.consul.register.addr: 'http' is not a port number" },
  { addr: '10.0.0.7:65536', message: "registry.consul.register.addr: '65536' is not a port number" },
]) {
  test(`registry.consul.register.addr = ${addr} is refused`, () =>
    assert.rejects(resolveRegisterAddress(addr, new RecordedLog()), { message }))
}

test('Fabio and its aliases are registered and passing when it has started, and deregistered when it ends', async () => {
  await using announcing = await startAnnouncing(['shop', 'shop'], { tags: ['a', 'b'] })
  const { consul, log, ids, announcement } = announcing
  assert.deepEqual(ids(), [`fabio-${HOST}-9998`, `shop-${HOST}-9998`])
  const passed = consul.requests.find(({ path }) => path === `agent/check/update/fabio-${HOST}-9998-ttl`)
  assert.equal(passed?.body, '{"Status":"passing","Output":""}')
  for (const line of [
    'INFO consul: Registered fabio as "fabio"',
    `INFO consul: Registered fabio with id "fabio-${HOST}-9998"`,
    'INFO consul: Registered fabio with address "127.0.0.1"',
    'INFO consul: Registered fabio with tags "a,b"',
  ]) {
    assert.ok(log.lines.includes(line), line)
  }
  assert.equal(log.count(/^INFO consul: Registered fabio with check \{/), 4)
  await announcement[Symbol.asyncDispose]()
  assert.deepEqual(ids(), [])
  assert.equal(log.count(/^INFO consul: Deregistering "(fabio|shop)"$/), 2)
})

test('with register.enabled=false only aliases are registered', async () => {
  await using announcing = await startAnnouncing(['shop'], { enabled: false })
  assert.deepEqual(announcing.ids(), [`shop-${HOST}-9998`])
})

test('aliases follow what is wanted, also when they change their mind at once', async () => {
  await using announcing = await startAnnouncing(['a', 'b'])
  const { consul, announcement, ids, log } = announcing
  announcement.setAliases(['b', 'c'])
  await log.until(/^INFO consul: Registered fabio as "c"$/)
  await log.until(/^INFO consul: Deregistering "a"$/)
  announcement.setAliases([])
  announcement.setAliases(['c'])
  const again = /^INFO consul: Registered fabio as "c"$/
  while (log.count(again) < 2) await consul.untilRequested(/./)
  while (consul.countRequests(/deregister/) < 3) await consul.untilRequested(/./)
  await consul.untilRequested(/^agent\/services$/)
  assert.deepEqual(ids(), [`c-${HOST}-9998`, `fabio-${HOST}-9998`])
})

test('a registration that is gone is repaired', async () => {
  await using announcing = await startAnnouncing([])
  const { consul, log, ids } = announcing
  consul.forgetRegistrations()
  while (log.count(/^INFO consul: Registered fabio as "fabio"$/) < 2) await consul.untilRequested(/./)
  assert.deepEqual(ids(), [`fabio-${HOST}-9998`])
})

test('a registration that is there is confirmed, not repeated', async () => {
  await using announcing = await startAnnouncing([])
  const { consul, log } = announcing
  for (let i = 0; i < 3; i++) await consul.untilRequested(/^agent\/services$/)
  assert.equal(consul.countRequests(/register$/), 1)
  assert.ok(consul.countRequests(/^agent\/check\/update/) >= 3)
  assert.equal(log.count(/^ERROR/), 0)
})

test('an agent that refuses is tried again, with one line in the log, and the id is always right', async () => {
  await using announcing = await startAnnouncing([], {}, consul => {
    consul.fault = ({ path }) =>
      path === 'agent/service/register' ? { kind: 'status', status: 403, body: 'Permission denied' } : undefined
  })
  const { consul, log, ids } = announcing
  for (let i = 0; i < 3; i++) await consul.untilRequested(/register$/)
  consul.fault = () => undefined
  await log.until(/^INFO consul: Registered fabio as "fabio"$/)
  assert.deepEqual(ids(), [`fabio-${HOST}-9998`])
  assert.equal(
    log.count(
      /^ERROR consul: Cannot register fabio \[name:"fabio"\] in Consul\. Unexpected response code: 403 \(Permission denied\)$/,
    ),
    1,
  )
  assert.equal(consul.countRequests(/^agent\/check\/update\/-ttl$/), 0)
})

test('an agent that hangs cannot keep us from ending', async () => {
  await using announcing = await startAnnouncing(['a', 'b'])
  announcing.consul.fault = () => ({ kind: 'hang' })
  await announcing.announcement[Symbol.asyncDispose]()
  assert.equal(
    announcing.log.count(/^WARN consul: Cannot deregister "(a|b|fabio)", Consul will forget it after a minute/),
    3,
  )
})

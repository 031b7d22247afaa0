import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { type DevRegistry, startDevRegistry } from '../../src/dev/dev-registry.ts'
import { missingPart, realPart } from '../harness/real-parts.ts'
import { at, pollUntil, put, read, watchUntil } from './call-registry.ts'
import { silentLog } from './silent-log.ts'

const start = (options: Partial<Parameters<typeof startDevRegistry>[0]> = {}): Promise<DevRegistry> =>
  startDevRegistry({ host: '127.0.0.1', port: 0, log: silentLog, ...options })

test('a taken port makes the registry take the next free one', async () => {
  await using first = await start()
  const port = Number(first.addr.split(':')[1])
  await using second = await start({ port })
  assert.ok(Number(second.addr.split(':')[1]) > port)
  assert.equal((await fetch(`${second.url}/v1/status/leader`)).status, 200)
})

test('a host that is not of this machine makes the start fail', async () => {
  await assert.rejects(start({ host: '192.0.2.77' }), /EADDRNOTAVAIL/)
})

test('ending the registry ends those who wait in a blocking query', async () => {
  const registry = await start()
  const { index } = await read(`${registry.url}/v1/health/state/any`)
  const socket = connect({ host: '127.0.0.1', port: Number(registry.addr.split(':')[1]) })
  await once(socket, 'connect')
  socket.write(`GET /v1/health/state/any?index=${index} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  const closed = new Promise(resolve => socket.once('close', resolve))
  socket.on('error', () => undefined) // a reset is an end, too
  socket.resume()
  await registry[Symbol.asyncDispose]()
  await closed
  await assert.rejects(fetch(`${registry.url}/v1/status/leader`))
})

test('an HTTP check makes a service passing, critical and passing again', async () => {
  let status = 200
  await using target = await listen((_request, response) => response.writeHead(status).end('well'))
  await using registry = await start()
  const check = { HTTP: target.url, Interval: '1s' }
  await put(`${registry.url}/v1/agent/service/register`, { Name: 'web', Port: target.port, Check: check })
  const url = `${registry.url}/v1/health/checks/web`
  for (const [next, expected] of [
    [200, 'passing'],
    [500, 'critical'],
    [429, 'warning'],
    [200, 'passing'],
  ] as const) {
    status = next
    const { value } = await watchUntil(url, checks => at(checks, 0, 'Status') === expected)
    assert.match(String(at(value, 0, 'Output')), new RegExp(`: ${next} .*Output: well`))
  }
})

test('a TCP check notices that nobody listens any more', async () => {
  const target = createTcpServer(socket => socket.end()).listen(0, '127.0.0.1')
  await once(target, 'listening')
  const { port } = target.address() as AddressInfo
  await using registry = await start()
  await put(`${registry.url}/v1/agent/service/register`, {
    Name: 'db',
    Checks: [{ TCP: `127.0.0.1:${port}`, Interval: '1s' }],
  })
  const url = `${registry.url}/v1/health/service/db?passing`
  await watchUntil(url, instances => at(instances, 0, 'Service', 'ID') === 'db')
  target.close()
  await watchUntil(url, instances => at(instances, 0) === undefined)
})

test('a TTL check expires, and says what was said last', async () => {
  await using registry = await start()
  await put(`${registry.url}/v1/agent/check/register`, { ID: 'beat', Name: 'beat', TTL: '50ms' })
  const url = `${registry.url}/v1/health/state/any`
  const beat = (checks: unknown): unknown =>
    Array.isArray(checks) ? checks.find(check => at(check, 'CheckID') === 'beat') : undefined
  await watchUntil(
    url,
    checks => at(beat(checks), 'Output') === 'TTL expired' || at(beat(checks), 'Status') === 'critical',
  )
  await put(`${registry.url}/v1/agent/check/pass/beat?note=alive`)
  const expired = 'TTL expired (last output before timeout follows): alive'
  await watchUntil(url, checks => at(beat(checks), 'Output') === expired)
})

test('a TTL longer than a timer can be does not expire at once', async () => {
  await using registry = await start()
  const check = { ID: 'year', Name: 'year', TTL: '9000h', Status: 'passing' }
  await put(`${registry.url}/v1/agent/check/register`, check)
  await put(`${registry.url}/v1/agent/check/register`, { ID: 'short', Name: 'short', TTL: '20ms', Status: 'passing' })
  await watchUntil(`${registry.url}/v1/health/state/critical`, checks => at(checks, 0, 'CheckID') === 'short')
  assert.equal(at((await read(`${registry.url}/v1/agent/checks`)).value, 'year', 'Status'), 'passing')
})

test('a result counts only when it was seen often enough in a row', async () => {
  let requests = 0
  await using target = await listen((_request, response) => {
    requests++
    response.writeHead(500).end()
  })
  await using registry = await start()
  const often = { Status: 'passing', FailuresBeforeCritical: 2 }
  const check = { ID: 'c', Name: 'c', HTTP: target.url, Interval: '1s', ...often }
  await put(`${registry.url}/v1/agent/check/register`, check)
  await watchUntil(`${registry.url}/v1/health/state/critical`, checks => at(checks, 0, 'CheckID') === 'c')
  assert.equal(requests, 2)
})

test('a new output alone is kept back from watchers, and a new status brings it along', async () => {
  await using registry = await start()
  await put(`${registry.url}/v1/agent/service/register`, { Name: 'web', Check: { TTL: '1h', Status: 'passing' } })
  const url = `${registry.url}/v1/health/checks/web`
  const before = await read(url)
  await put(`${registry.url}/v1/agent/check/pass/service:web?note=news`)
  assert.equal(at((await read(`${registry.url}/v1/agent/checks`)).value, 'service:web', 'Output'), 'news')
  assert.deepEqual(await read(url), before)
  await put(`${registry.url}/v1/agent/check/warn/service:web?note=worse`)
  const after = await read(url, { index: before.index })
  assert.equal(at(after.value, 0, 'Output'), 'worse')
})

test('a new output alone reaches watchers when it has been kept back long enough', async () => {
  await using registry = await start({ checkUpdateIntervalMs: 20 })
  await put(`${registry.url}/v1/agent/service/register`, { Name: 'web', Check: { TTL: '1h', Status: 'passing' } })
  await put(`${registry.url}/v1/agent/check/pass/service:web?note=news`)
  await watchUntil(`${registry.url}/v1/health/checks/web`, checks => at(checks, 0, 'Output') === 'news')
})

test('a service whose check is critical for too long is deregistered, and only it', async () => {
  await using registry = await start({ checkReapIntervalMs: 10, checkDeregisterIntervalMinMs: 20 })
  const dying = { TTL: '1h', DeregisterCriticalServiceAfter: '1ms' }
  await put(`${registry.url}/v1/agent/service/register`, { Name: 'patient', Check: { TTL: '1h' } })
  await put(`${registry.url}/v1/agent/service/register`, { Name: 'well', Check: { ...dying, Status: 'passing' } })
  await put(`${registry.url}/v1/agent/service/register`, { Name: 'dead', Checks: [dying, dying] })
  await watchUntil(`${registry.url}/v1/catalog/services`, services => at(services, 'dead') === undefined)
  const services = await pollUntil(`${registry.url}/v1/agent/services`, all => at(all, 'dead') === undefined)
  assert.deepEqual(Object.keys(services ?? {}), ['patient', 'well'])
})

test('a check can look at an address whose answer never ends', async () => {
  await using target = await listen((_request, response) => response.write('x'))
  await using registry = await start()
  const check = { ID: 'c', Name: 'c', HTTP: target.url, Interval: '1s', Timeout: '50ms' }
  await put(`${registry.url}/v1/agent/check/register`, check)
  await watchUntil(`${registry.url}/v1/health/state/any`, checks => at(checks, 0, 'Status') === 'passing')
})

test('a check of nonsense is critical and says why, and the registry lives on', async t => {
  await using registry = await start()
  const named = (name: string): unknown => JSON.parse(`{"${name}":["c"]}`)
  for (const [id, fields, expected] of [
    ['a URL that is none', { HTTP: 'http://[' }, /^Get "http:\/\/\[": .*Invalid URL/],
    ['a header name that is none', { HTTP: 'http://127.0.0.1:1/', Header: named('a b') }, /a b/],
    ['a header named __proto__', { HTTP: 'http://127.0.0.1:1/', Header: named('__proto__') }, /refused/],
    ['a method that is none', { HTTP: 'http://127.0.0.1:1/', Method: 'A B' }, /A B/],
    ['an address without a port', { TCP: 'nowhere' }, /missing port/],
    ['an address with a port that is none', { TCP: '127.0.0.1:99999' }, /missing port/],
  ] as const) {
    await t.test(id, async () => {
      await put(`${registry.url}/v1/agent/check/register`, { ID: id, Name: id, Interval: '1s', ...fields })
      const checks = await pollUntil(`${registry.url}/v1/agent/checks`, all => at(all, id, 'Output') !== '')
      assert.equal(at(checks, id, 'Status'), 'critical')
      assert.match(String(at(checks, id, 'Output')), expected)
    })
  }
})

test('a redirect that never ends makes a check critical', async () => {
  await using target = await listen((_request, response) => response.writeHead(302, { location: '/' }).end())
  await using registry = await start()
  await put(`${registry.url}/v1/agent/check/register`, { ID: 'c', Name: 'c', Interval: '1s', HTTP: target.url })
  const checks = await pollUntil(`${registry.url}/v1/agent/checks`, all => at(all, 'c', 'Output') !== '')
  assert.match(String(at(checks, 'c', 'Output')), /stopped after 10 redirects/)
})

const noOpenssl = realPart('openssl') === undefined && { skip: missingPart('openssl') }

test('a check verifies the certificate of its target unless it is told not to', noOpenssl || {}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dev-registry-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const subject = ['-subj', '/CN=localhost', '-days', '1', '-nodes']
  const files = ['-keyout', key, '-out', cert]
  await promisify(execFile)('openssl', [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    ...subject,
    ...files,
  ])
  const target = createTlsServer({ key: await readFile(key), cert: await readFile(cert) }, (_request, response) =>
    response.end('well'),
  )
  await rm(folder, { recursive: true })
  target.listen(0, '127.0.0.1')
  await once(target, 'listening')
  try {
    await using registry = await start()
    const check = { HTTP: `https://127.0.0.1:${(target.address() as AddressInfo).port}/`, Interval: '1s' }
    await put(`${registry.url}/v1/agent/check/register`, { ID: 'strict', Name: 'strict', ...check })
    await put(`${registry.url}/v1/agent/check/register`, { ID: 'lax', Name: 'lax', ...check, TLSSkipVerify: true })
    const isSeen = (checks: unknown): boolean => ['strict', 'lax'].every(id => at(checks, id, 'Output') !== '')
    const checks = await pollUntil(`${registry.url}/v1/agent/checks`, isSeen)
    assert.deepEqual([at(checks, 'strict', 'Status'), at(checks, 'lax', 'Status')], ['critical', 'passing'])
    assert.match(String(at(checks, 'strict', 'Output')), /self-signed certificate/)
  } finally {
    target.close()
    target.closeAllConnections()
  }
})

test('nothing keeps the process from ending after the registry has ended', async () => {
  const module = new URL('../../src/dev/dev-registry.ts', import.meta.url).href
  const script = `
    import { startDevRegistry } from ${JSON.stringify(module)}
    const registry = await startDevRegistry({ host: '127.0.0.1', port: 0 })
    const register = body => fetch(registry.url + '/v1/agent/service/register', { method: 'PUT', body: JSON.stringify(body) })
    const checks = [{ TTL: '1h' }, { HTTP: registry.url, Interval: '1h' }, { TCP: registry.addr, Interval: '1h' }]
    await register({ Name: 'a', Checks: checks })
    await register({ Name: 'a', Checks: checks.toReversed() })
    await (await fetch(registry.url + '/v1/agent/check/pass/service:a:3?note=x', { method: 'PUT' })).text()
    const waiting = fetch(registry.url + '/v1/kv/a?index=1000').catch(() => undefined)
    await (await fetch(registry.url + '/v1/kv/a')).text()
    await registry[Symbol.asyncDispose]()
    await waiting`
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { timeout: 20_000 })
})

/** A target for checks. */
async function listen(
  listener: RequestListener,
): Promise<AsyncDisposable & { readonly url: string; readonly port: number }> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    port,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { hostname } from 'node:os'
import { test } from 'node:test'
import { type DevRegistry, startDevRegistry } from '../../src/dev/dev-registry.ts'
import { at, put, read } from './call-registry.ts'
import { silentLog } from './silent-log.ts'

const start = (): Promise<DevRegistry> => startDevRegistry({ host: '127.0.0.1', port: 0, log: silentLog })

/** What comes back for these bytes until the connection ends. */
async function exchange(registry: DevRegistry, bytes: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: Number(registry.addr.split(':')[1]) })
  socket.setEncoding('latin1')
  let text = ''
  socket.on('data', chunk => {
    text += chunk
  })
  socket.write(bytes, 'latin1')
  await once(socket, 'close')
  return text
}

const MEBIBYTE = 1024 * 1024

for (const { path, bytes } of [
  { path: '/v1/kv/a', bytes: 512 * 1024 + 1 },
  { path: '/v1/agent/service/register', bytes: 2 * MEBIBYTE + 1 },
  { path: '/v1/agent/check/update/x', bytes: 3 * MEBIBYTE },
]) {
  test(`PUT ${path} refuses a body of ${bytes} bytes with 413, announced or not`, async () => {
    await using registry = await start()
    const body = new Uint8Array(bytes)
    const announced = await fetch(registry.url + path, { method: 'PUT', body })
    assert.equal(announced.status, 413)
    assert.match(
      await announced.text(),
      new RegExp(`^Request body\\(${bytes} bytes\\) too large, max size: \\d+ bytes`),
    )
    const chunked = await fetch(registry.url + path, { method: 'PUT', body: new Blob([body]).stream(), duplex: 'half' })
    assert.equal(chunked.status, 413)
    assert.equal((await read(`${registry.url}/v1/kv/a`)).value, undefined)
  })
}

test('a body that announces to be huge is refused before it comes', async () => {
  await using registry = await start()
  const reply = await exchange(
    registry,
    'PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n',
  )
  assert.match(reply, /^HTTP\/1\.1 413 .*\r\n/)
  assert.match(reply, /connection: close/i)
})

for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
  test(`${name} is a name like any other`, async () => {
    await using registry = await start()
    const { url } = registry
    assert.equal((await read(`${url}/v1/kv/${name}`)).value, undefined)
    await put(`${url}/v1/kv/${name}`, 'x')
    assert.equal(at((await read(`${url}/v1/kv/${name}`)).value, 0, 'Key'), name)
    const meta = `{"${name}":"x"}`
    const service = `{"ID":"${name}","Name":"${name}","Tags":["${name}"],"Meta":${meta},"Check":{"TTL":"1h","CheckID":"${name}"}}`
    await put(`${url}/v1/agent/service/register`, service)
    await put(`${url}/v1/agent/check/pass/${name}`)
    for (const path of ['agent/services', 'agent/checks', 'catalog/services', `catalog/node/${hostname()}`]) {
      const text = await (await fetch(`${url}/v1/${path}`)).text()
      assert.ok(text.includes(`"${name}"`), `${path}: ${text}`)
    }
    assert.equal(at((await read(`${url}/v1/catalog/service/${name}`)).value, 0, 'ServiceID'), name)
    assert.equal(Reflect.get({}, 'x'), undefined)
  })
}

test('a key may hold everything that UTF-8 can say', async () => {
  await using registry = await start()
  const key = 'fabio/config/ü \u{1f600}%/?#+&'
  await put(`${registry.url}/v1/kv/${encodeURIComponent(key)}`, 'x')
  assert.equal(at((await read(`${registry.url}/v1/kv/?recurse`)).value, 0, 'Key'), key)
})

for (const [path, status] of [
  ['/v1/kv/%', 400],
  ['/v1/kv/%zz', 400],
  ['/v1/kv/%ff', 400],
  ['/v1/kv/a%00b', 400],
  ['/v1/kv/a//b', 301],
  ['/v1/kv/../agent/self', 301],
  ['/v1/kv', 301],
  ['*', 301],
  ['/', 404],
  ['/ui/', 404],
  ['/v1/txn', 404],
  ['/v1/catalog/services?filter=x', 400],
] as const) {
  test(`GET ${path} is answered with ${status}`, async () => {
    await using registry = await start()
    const reply = await exchange(registry, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
    assert.match(reply, new RegExp(`^HTTP/1.1 ${status} `))
  })
}

test('a redirect keeps the query', async () => {
  await using registry = await start()
  const reply = await fetch(`${registry.url}/v1/kv?keys`)
  assert.deepEqual(await reply.json(), [])
})

for (const [what, body] of [
  ['a lock', undefined],
  ['a gRPC check', { Name: 'a', Check: { GRPC: 'x:1', Interval: '1s' } }],
  ['an alias check', { Name: 'a', Check: { AliasService: 'b' } }],
  ['a Docker check', { Name: 'a', Check: { DockerContainerID: 'x', Interval: '1s' } }],
  ['a sidecar', { Name: 'a', Connect: { SidecarService: {} } }],
  ['a proxy', { Name: 'a', Kind: 'connect-proxy' }],
] as const) {
  test(`${what} is refused aloud, with a word on where to get it`, async () => {
    await using registry = await start()
    const path = body === undefined ? '/v1/kv/a?acquire=x' : '/v1/agent/service/register'
    const reply = await fetch(registry.url + path, { method: 'PUT', body: JSON.stringify(body ?? '') })
    assert.equal(reply.status, 501)
    assert.match(await reply.text(), /not part of fabio -dev; .*consul agent -dev/)
    assert.deepEqual((await read(`${registry.url}/v1/agent/services`)).value, {})
  })
}

for (const [host, status] of [
  ['localhost', 200],
  ['LOCALHOST:8500', 200],
  ['consul.localhost', 200],
  ['127.0.0.1:8500', 200],
  ['[::1]:8500', 200],
  ['evil.example', 403],
  ['127.0.0.1.evil.example:8500', 403],
] as const) {
  test(`a call for the host ${host} is answered with ${status}`, async () => {
    await using registry = await start()
    const reply = await exchange(
      registry,
      `GET /v1/status/leader HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    )
    assert.match(reply, new RegExp(`^HTTP/1.1 ${status} `))
  })
}

test('a value is never a page of this origin', async () => {
  await using registry = await start()
  await put(`${registry.url}/v1/kv/a`, '<script>alert(1)</script>')
  const reply = await fetch(`${registry.url}/v1/kv/a?raw`)
  assert.equal(reply.headers.get('content-type'), 'text/plain')
  assert.equal(reply.headers.get('x-content-type-options'), 'nosniff')
})

test('a client that goes away in the middle of a body costs nothing', async () => {
  await using registry = await start()
  const socket = connect({ host: '127.0.0.1', port: Number(registry.addr.split(':')[1]) })
  socket.write('PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf')
  await once(socket, 'connect')
  socket.destroy()
  assert.equal((await read(`${registry.url}/v1/kv/a`)).value, undefined)
})

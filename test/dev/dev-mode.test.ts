import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import WebSocket from 'ws'
import { startDemoServices } from '../../src/dev/demo-services.ts'
import { type DevMode, startDevMode } from '../../src/dev/dev-mode.ts'
import { at, read } from './call-registry.ts'
import { silentLog } from './silent-log.ts'

const WHERE = {
  proxyUrl: 'http://localhost:9999',
  uiUrl: 'http://localhost:9998/?a=1&b="',
  tcpAddress: 'localhost:3021',
  log: silentLog,
}

const start = (options: Partial<typeof WHERE> = {}): Promise<DevMode> =>
  startDevMode({ ...WHERE, ...options, registryPort: 0 })

/** `host:port` of the only instance, or the one with this ID. */
async function addressOf(mode: DevMode, service: string, id = service): Promise<string> {
  const { value } = await read(`http://${mode.registryAddr}/v1/health/service/${service}?passing`)
  const instance = Array.isArray(value) ? value.find(one => at(one, 'Service', 'ID') === id) : undefined
  return `${at(instance, 'Service', 'Address')}:${at(instance, 'Service', 'Port')}`
}

test('the demo services are registered as anybody would, and passing from the beginning', async () => {
  await using mode = await start()
  const { value } = await read(`http://${mode.registryAddr}/v1/catalog/services`)
  assert.deepEqual(value, {
    api: ['urlprefix-/api strip=/api weight=0.8', 'v1', 'urlprefix-/api strip=/api weight=0.2', 'v2'],
    consul: [],
    echo: ['urlprefix-:3021 proto=tcp'],
    events: ['urlprefix-/events'],
    hello: ['urlprefix-hello.localhost/', 'urlprefix-hello.localhost:9999/'],
    welcome: ['urlprefix-/'],
    ws: ['urlprefix-/ws'],
  })
  const checks = (await read(`http://${mode.registryAddr}/v1/health/state/any`)).value
  assert.ok(Array.isArray(checks) && checks.every(check => at(check, 'Status') === 'passing'))
})

test('without a TCP listener there is no TCP service, and with the usual port no second host', async () => {
  const { tcpAddress: _none, ...rest } = WHERE
  await using mode = await startDevMode({
    ...rest,
    tcpAddress: undefined,
    proxyUrl: 'http://localhost',
    registryPort: 0,
  })
  const { value } = await read(`http://${mode.registryAddr}/v1/catalog/services`)
  assert.equal(at(value, 'echo'), undefined)
  assert.deepEqual(at(value, 'hello'), ['urlprefix-hello.localhost/'])
})

test('the API says which version answered, and what reached it', async () => {
  await using mode = await start()
  for (const [id, version] of [
    ['api-1', 'v1'],
    ['api-2', 'v2'],
  ] as const) {
    const url = `http://${await addressOf(mode, 'api', id)}`
    const reply = await fetch(`${url}/hello?x=1`, {
      headers: { forwarded: 'for=1.2.3.4', 'x-forwarded-proto': 'http' },
    })
    const answer: unknown = await reply.json()
    assert.deepEqual([at(answer, 'version'), at(answer, 'path')], [version, '/hello?x=1'])
    assert.deepEqual(at(answer, 'forwarding'), { forwarded: 'for=1.2.3.4', 'x-forwarded-proto': 'http' })
    assert.equal(await (await fetch(`${url}/version`)).text(), `${version}\n`)
  }
})

test('the host route greets', async () => {
  await using mode = await start()
  const reply = await fetch(`http://${await addressOf(mode, 'hello')}/x`)
  assert.match(await reply.text(), /^Hello from hello\.localhost.*\/x/)
})

test('events are told each second, and end with the service, to as many as listen', async () => {
  const mode = await start()
  const url = `http://${await addressOf(mode, 'events')}/events`
  const warnings: Error[] = []
  const listen = (warning: Error): void => void warnings.push(warning)
  process.on('warning', listen)
  try {
    const replies = await Promise.all(Array.from({ length: 20 }, () => fetch(url)))
    assert.equal(replies[0]?.headers.get('content-type'), 'text/event-stream')
    await mode[Symbol.asyncDispose]()
    const texts = await Promise.all(replies.map(reply => reply.text()))
    for (const text of texts) assert.match(text, /^retry: 2000\n\nid: 1\ndata: \d{4}-.*Z\n\n/)
    assert.deepEqual(warnings, [])
  } finally {
    process.off('warning', listen)
  }
})

test('the WebSocket service echoes, and tells others what it is', async () => {
  await using mode = await start()
  const address = await addressOf(mode, 'ws')
  const client = new WebSocket(`ws://${address}/ws`)
  await once(client, 'open')
  client.send('hello')
  assert.equal(String((await once(client, 'message'))[0]), 'hello')
  client.close()
  await once(client, 'close')
  const reply = await fetch(`http://${address}/ws`)
  assert.deepEqual([reply.status, reply.headers.get('upgrade')], [426, 'websocket'])
})

test('the TCP service sends everything back, also what came before the end of file', async () => {
  await using mode = await start()
  const [host = '', port] = (await addressOf(mode, 'echo')).split(':')
  const socket = connect({ host, port: Number(port), allowHalfOpen: true })
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  const sent = Buffer.alloc(1024 * 1024, 'fabio')
  socket.end(sent)
  await once(socket, 'end')
  assert.ok(Buffer.concat(chunks).equals(sent))
})

for (const [path, status, type, content] of [
  ['/', 200, 'text/html', /<h1>Fabio is running<\/h1>/],
  ['/?a=1', 200, 'text/html', /href="http:\/\/hello\.localhost:9999\/"/],
  ['/', 200, 'text/html', /href="http:\/\/localhost:9998\/\?a=1&amp;b=&quot;"/],
  ['/demo.css', 200, 'text/css', /color-scheme: light dark/],
  ['/demo.js', 200, 'text/javascript', /EventSource/],
  ['/<b>', 404, 'text/plain', /Nothing at \/%3Cb%3E/],
  ['/health', 200, null, /^OK\n$/],
] as const) {
  test(`the landing page's service answers ${path} with ${status} and ${content.source}`, async () => {
    await using mode = await start()
    const reply = await fetch(`http://${await addressOf(mode, 'welcome')}${path}`)
    assert.equal(reply.status, status)
    assert.equal(reply.headers.get('content-type'), type === null ? null : `${type}; charset=utf-8`)
    assert.match(await reply.text(), content)
  })
}

test('services that a registry does not take do not stay behind', async () => {
  const calls: string[] = []
  const registry = createServer((request, response) => {
    calls.push(`${request.method} ${request.url}`)
    response.writeHead(calls.length > 2 ? 500 : 200).end('no more')
  }).listen(0, '127.0.0.1')
  await once(registry, 'listening')
  const registryAddr = `127.0.0.1:${(registry.address() as AddressInfo).port}`
  await assert.rejects(startDemoServices({ ...WHERE, registryAddr }), /service\/register: 500 no more/)
  assert.ok(calls.includes('PUT /v1/agent/service/deregister/api-1'))
  registry.close()
})

test('a registry that is away does not keep the services from ending', async () => {
  const first = await start()
  const demos = await startDemoServices({ ...WHERE, registryAddr: first.registryAddr })
  await first[Symbol.asyncDispose]()
  await demos[Symbol.asyncDispose]()
})

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { test } from 'node:test'
import WebSocket from 'ws'
import { serveWebSocketEcho } from '../../src/dev/websocket-echo.ts'

interface Echo extends AsyncDisposable {
  readonly port: number
  readonly url: string
  leave(): void
}

async function startEcho(): Promise<Echo> {
  const leaving = new AbortController()
  const server = createServer().listen(0, '127.0.0.1')
  server.on('upgrade', (request, socket, head) => serveWebSocketEcho(request, socket, head, leaving.signal))
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `ws://127.0.0.1:${port}`,
    leave: () => leaving.abort(),
    async [Symbol.asyncDispose]() {
      leaving.abort()
      const closed = once(server, 'close')
      server.close()
      await closed
    },
  }
}

async function open(echo: Echo): Promise<WebSocket> {
  const client = new WebSocket(echo.url, { perMessageDeflate: false })
  await once(client, 'open')
  return client
}

async function close(client: WebSocket, code?: number): Promise<number> {
  const closed = once(client, 'close')
  client.close(code)
  return Number((await closed)[0])
}

for (const { name, message, isBinary } of [
  { name: 'a text', message: Buffer.from('grüß \u{1f600}'), isBinary: false },
  { name: 'an empty text', message: Buffer.alloc(0), isBinary: false },
  { name: 'bytes', message: Buffer.from([0, 255, 128]), isBinary: true },
  { name: '125 bytes', message: Buffer.alloc(125, 1), isBinary: true },
  { name: '126 bytes', message: Buffer.alloc(126, 1), isBinary: true },
  { name: '65536 bytes', message: Buffer.alloc(65536, 1), isBinary: true },
  { name: '1 MiB', message: Buffer.alloc(1024 * 1024, 1), isBinary: true },
]) {
  test(`${name} comes back as it was sent`, async () => {
    await using echo = await startEcho()
    const client = await open(echo)
    const answer = once(client, 'message')
    client.send(message, { binary: isBinary })
    assert.deepEqual(await answer, [message, isBinary])
    assert.equal(await close(client), 1005)
  })
}

test('a message in parts comes back whole, and a ping between them is answered', async () => {
  await using echo = await startEcho()
  const client = await open(echo)
  const pong = once(client, 'pong')
  const answer = once(client, 'message')
  client.send('one ', { fin: false })
  client.ping('are you there?')
  client.send('', { fin: false })
  client.send('two', { fin: true })
  assert.equal(String((await pong)[0]), 'are you there?')
  assert.equal(String((await answer)[0]), 'one two')
  assert.equal(await close(client, 4000), 4000)
})

test('a message that comes a byte at a time in ten thousand parts comes back', async () => {
  await using echo = await startEcho()
  const client = await open(echo)
  const answer = once(client, 'message')
  for (let at = 0; at < 10_000; at++) client.send('x', { fin: at === 9999 })
  assert.equal(String((await answer)[0]), 'x'.repeat(10_000))
  await close(client)
})

test('many messages to a client that does not read wait on its side', async () => {
  await using echo = await startEcho()
  const client = await open(echo)
  const count = 64
  let received = 0
  const all = new Promise<void>(resolve => {
    client.on('message', () => ++received === count && resolve())
  })
  client.pause()
  for (let at = 0; at < count; at++) client.send(Buffer.alloc(512 * 1024))
  client.resume()
  await all
  await close(client)
})

test('a server that ends says so', async () => {
  await using echo = await startEcho()
  const client = await open(echo)
  const closed = once(client, 'close')
  echo.leave()
  assert.equal((await closed)[0], 1001)
})

const HANDSHAKE = [
  'GET /ws HTTP/1.1',
  'Host: x',
  'Connection: keep-alive, Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

/** The bytes that come back, head and all, until the server ends the connection. */
async function raw(echo: Echo, head: readonly string[], frames: Buffer): Promise<Buffer> {
  const socket: Socket = connect({ port: echo.port, host: '127.0.0.1' })
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  const ended = once(socket, 'end')
  socket.write(Buffer.concat([Buffer.from([...head, '', ''].join('\r\n')), frames]))
  await ended
  socket.destroy()
  return Buffer.concat(chunks)
}

test('the handshake is the example of RFC 6455, and frames may follow it in the same packet', async () => {
  await using echo = await startEcho()
  const reply = await raw(echo, HANDSHAKE, Buffer.from('8182000000006869888000000000', 'hex'))
  const text = reply.toString('latin1')
  assert.match(text, /^HTTP\/1\.1 101 Switching Protocols\r\n/)
  assert.match(text, /Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/)
  assert.ok(text.includes('\x81\x02hi'))
})

for (const { name, hex, code } of [
  { name: 'a frame without a mask', hex: '8100', code: 1002 },
  { name: 'a reserved bit', hex: 'c18000000000', code: 1002 },
  { name: 'an opcode that does not exist', hex: '838000000000', code: 1002 },
  { name: 'a long ping', hex: '89fe007e00000000', code: 1002 },
  { name: 'a ping in parts', hex: '098000000000', code: 1002 },
  { name: 'a continuation of nothing', hex: '808000000000', code: 1002 },
  { name: 'a message inside a message', hex: '018000000000818000000000', code: 1002 },
  { name: 'text that is not UTF-8', hex: '818100000000ff', code: 1007 },
  { name: 'a message that is too long', hex: '82ff000000000010000100000000', code: 1009 },
  { name: 'a length beyond all numbers', hex: '82ffffffffffffffffff00000000', code: 1009 },
  { name: 'half a close code', hex: '88810000000003', code: 1002 },
  { name: 'the close code 1005', hex: '88820000000003ed', code: 1002 },
  { name: 'the close code 999', hex: '88820000000003e7', code: 1002 },
  { name: 'a close reason that is not UTF-8', hex: '88830000000003e8ff', code: 1007 },
  { name: 'a close with the code 1000', hex: '88820000000003e8', code: 1000 },
  { name: 'a close with the code 4000', hex: '8882000000000fa0', code: 4000 },
]) {
  test(`${name} ends the connection with ${code}`, async () => {
    await using echo = await startEcho()
    const reply = await raw(echo, HANDSHAKE, Buffer.from(hex, 'hex'))
    const frames = reply.subarray(reply.indexOf('\r\n\r\n') + 4)
    assert.equal(frames[0], 0x88)
    assert.equal(frames.readUInt16BE(2), code)
  })
}

for (const { name, head, status } of [
  { name: 'another version', head: HANDSHAKE.map(line => line.replace('13', '8')), status: 426 },
  { name: 'no key', head: HANDSHAKE.slice(0, 5), status: 400 },
  { name: 'a short key', head: [...HANDSHAKE.slice(0, 5), 'Sec-WebSocket-Key: YQ=='], status: 400 },
  {
    name: 'another protocol',
    head: HANDSHAKE.map(line => line.replace('Upgrade: websocket', 'Upgrade: h2c')),
    status: 400,
  },
  { name: 'another method', head: HANDSHAKE.map(line => line.replace('GET', 'POST')), status: 400 },
]) {
  test(`a handshake with ${name} is answered with ${status}`, async () => {
    await using echo = await startEcho()
    const reply = await raw(echo, head, Buffer.alloc(0))
    assert.match(reply.toString(), new RegExp(`^HTTP/1.1 ${status} `))
  })
}

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createServer as createTlsServer } from 'node:tls'
import { ConsulError } from '../../src/consul/consul-error.ts'
import { loadEndpoint } from '../../src/consul/endpoint.ts'
import { ConsulTransport } from '../../src/consul/transport.ts'
import { makeSelfSigned } from '../harness/self-signed.ts'

const MIB = 1024 * 1024

/** Whoever asks gets what `answer` writes. */
async function connect(answer: (socket: Socket, path: string) => void, maxAnswerBytes = 64 * MIB) {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {
      // The other side has given up.
    })
    socket.on('data', head => answer(socket, String(head).split(' ')[1] ?? ''))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const endpoint = loadEndpoint({ addr: `127.0.0.1:${port}`, scheme: 'http', token: '' }, {})
  const transport = new ConsulTransport(endpoint, { env: {}, maxAnswerBytes })
  return {
    transport,
    sockets,
    ask: (path: string, space: Buffer, signal?: AbortSignal) =>
      transport.send({ method: 'GET', path, space, signal, timeoutMs: 20_000 }),
    async [Symbol.asyncDispose]() {
      await transport[Symbol.asyncDispose]()
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

function chunked(body: Buffer, size: number): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < body.length; at += size) {
    const piece = body.subarray(at, at + size)
    parts.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'))
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')])
}

const HEAD = 'HTTP/1.1 200 OK\r\nX-Consul-Index: 7\r\n'

test('a long answer is put together as it was sent, with a length or in chunks, in the memory it was given or in more', async () => {
  const body = randomBytes(9 * MIB + 11)
  await using consul = await connect((socket, path) => {
    const isChunked = path === '/chunked'
    socket.write(`${HEAD}${isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`}\r\n\r\n`)
    socket.write(isChunked ? chunked(body, 70_001) : body)
  })
  for (const path of ['/length', '/chunked', '/length', '/chunked']) {
    for (const size of [64, 10 * MIB]) {
      const space = Buffer.alloc(size)
      const reply = await consul.ask(path, space)
      assert.equal(reply.headers['x-consul-index'], '7')
      assert.ok(reply.body.equals(body), `${path} into ${size} bytes`)
      assert.equal(reply.body.buffer === space.buffer, size > body.length)
    }
  }
  assert.ok(consul.sockets.size <= 2, 'connections are kept')
})

test('under TLS as well', async () => {
  const body = randomBytes(3 * MIB)
  await using certificate = await makeSelfSigned()
  const { cert, key } = certificate
  const server = createTlsServer({ cert, key }, socket => {
    socket.on('data', () => {
      socket.write(`${HEAD}Content-Length: ${body.length}\r\n\r\n`)
      socket.write(body)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const tls = { keyFile: '', certFile: '', caFile: '', caPath: '', insecureSkipVerify: true }
  const endpoint = loadEndpoint({ addr: `127.0.0.1:${port}`, scheme: 'https', token: '', tls }, {})
  try {
    await using transport = new ConsulTransport(endpoint, { env: {}, maxAnswerBytes: 64 * MIB })
    for (const size of [64, 4 * MIB]) {
      const reply = await transport.send({ method: 'GET', path: '/', space: Buffer.alloc(size), timeoutMs: 20_000 })
      assert.ok(reply.body.equals(body))
    }
  } finally {
    server.close()
  }
})

test('answers that come at the same time do not get into each other, nor do heads that come in pieces', async () => {
  const bodies = new Map(['/a', '/b', '/c'].map(path => [path, randomBytes(5 * MIB)]))
  await using consul = await connect((socket, path) => {
    const body = bodies.get(path) ?? Buffer.alloc(0)
    const whole = Buffer.concat([Buffer.from(`${HEAD}Content-Length: ${body.length}\r\n\r\n`), body])
    const send = async () => {
      for (let at = 0; at < 60; at += 7) {
        socket.write(whole.subarray(at, at + 7))
        await turn()
      }
      for (let at = 63; at < whole.length; at += 300_000) {
        socket.write(whole.subarray(at, at + 300_000))
        await turn()
      }
    }
    void send()
  })
  const replies = await Promise.all([...bodies.keys()].map(path => consul.ask(path, Buffer.alloc(5 * MIB))))
  for (const [at, body] of [...bodies.values()].entries()) assert.ok(replies[at]?.body.equals(body), `answer ${at}`)
})

test('a long answer that is cut, too long, refused or no longer wanted is a ConsulError, and the next one comes', async () => {
  const body = randomBytes(2 * MIB)
  const abort = new AbortController()
  await using consul = await connect((socket, path) => {
    if (path === '/refused') return void socket.write('HTTP/1.1 500 No\r\nContent-Length: 6\r\n\r\nno way')
    if (path === '/silent') return abort.abort()
    const length = path === '/long' ? 5 * MIB : body.length
    socket.write(`${HEAD}Content-Length: ${length}\r\n\r\n`)
    if (path === '/cut') return void socket.end(body.subarray(0, MIB))
    socket.write(path === '/long' ? Buffer.alloc(length) : body)
  }, 4 * MIB)
  const kinds = new Map([
    ['/refused', 'status'],
    ['/cut', 'unreachable'],
    ['/long', 'too-large'],
    ['/silent', 'aborted'],
  ])
  for (const [path, kind] of kinds) {
    const signal = path === '/silent' ? abort.signal : undefined
    await assert.rejects(consul.ask(path, Buffer.alloc(64), signal), (cause: unknown) => {
      assert.ok(cause instanceof ConsulError, path)
      assert.equal(cause.kind, kind, `${path}: ${cause.message}`)
      return true
    })
    assert.ok((await consul.ask('/', Buffer.alloc(64))).body.equals(body))
  }
})

test('what waits for a long answer fails when the connections are given up, and the next one comes on a new one', async () => {
  const { promise: isAsked, resolve: asked } = Promise.withResolvers<void>()
  await using consul = await connect((socket, path) => {
    if (path === '/silent') return asked()
    socket.write(`${HEAD}Content-Length: 2\r\n\r\nok`)
  })
  const silent = assert.rejects(consul.ask('/silent', Buffer.alloc(64)), { kind: 'unreachable' })
  await isAsked
  await consul.transport.reconnect()
  await silent
  assert.equal((await consul.ask('/', Buffer.alloc(64))).body.toString(), 'ok')
})

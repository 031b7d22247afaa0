import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { askHttp1, Http2Client } from '../harness/http-clients.ts'
import { errorCode, FLAG, FRAME, type Frame, fieldBlock, frame, PREFACE, readFrames } from '../harness/http2-frames.ts'
import { RawClient, request } from '../harness/raw-client.ts'
import { startRawUpstream } from '../harness/raw-upstream.ts'
import { resetStream } from '../harness/reset-stream.ts'
import { makeSelfSigned, type SelfSigned } from '../harness/self-signed.ts'
import { startFabio } from '../harness/start-fabio.ts'
import { until } from '../harness/until.ts'

const H2C = '127.0.0.1:0;h2c=true'
const { NGHTTP2_REFUSED_STREAM, NGHTTP2_INTERNAL_ERROR } = http2.constants

type OnStream = (stream: http2.ServerHttp2Stream, fields: http2.IncomingHttpHeaders) => void

interface Http2Server extends AsyncDisposable {
  readonly port: number
  readonly sessions: http2.ServerHttp2Session[]
}

async function startHttp2(onStream: OnStream, signed?: SelfSigned): Promise<Http2Server> {
  const sessions: http2.ServerHttp2Session[] = []
  const server =
    signed === undefined ? http2.createServer() : http2.createSecureServer({ cert: signed.cert, key: signed.key })
  server.on('session', (session: http2.ServerHttp2Session) => {
    sessions.push(session)
    session.on('error', () => {})
  })
  server.on('stream', (stream: http2.ServerHttp2Stream, fields: http2.IncomingHttpHeaders) => {
    stream.on('error', () => {})
    onStream(stream, fields)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    sessions,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

const echo: OnStream = (stream, fields) => {
  let body = ''
  let trailers = {}
  stream.on('data', (bytes: Buffer) => {
    body += bytes.toString('latin1')
  })
  stream.on('trailers', seen => {
    trailers = { ...seen }
  })
  stream.on('end', () => {
    const text = JSON.stringify({
      method: fields[':method'],
      path: fields[':path'],
      authority: fields[':authority'],
      forwarded: fields.forwarded,
      body,
      trailers,
    })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '1' }))
    stream.respond({ ':status': 201, 'x-a': ['1', '2'], 'content-type': 'text/plain' }, { waitForTrailers: true })
    stream.end(text)
  })
}

test('clients of both versions reach a target over HTTP/2, on one connection', async () => {
  await using upstream = await startHttp2(echo)
  const routes = `route add svc / http://127.0.0.1:${upstream.port}/?t=1 opts "h2=true strip=/s host=dst"`
  await using fabio = await startFabio({ addr: H2C, routes, flags: ['-runtime.gomaxprocs', '1'] })
  using client = new Http2Client(fabio.url)
  for (const ask of [askHttp1(fabio.port), client.ask]) {
    const answer = await ask({ method: 'POST', path: '/s/x?q=1', body: 'hello', trailers: { 'x-t': 'y' } })
    assert.equal(answer.status, 201)
    assert.equal(answer.headers['x-a'], '1, 2')
    assert.deepEqual(answer.trailers['x-sum'], '1')
    const { forwarded, ...seen } = JSON.parse(answer.body) as Record<string, unknown>
    assert.deepEqual(seen, {
      method: 'POST',
      path: '/x?t=1&q=1',
      authority: `127.0.0.1:${upstream.port}`,
      body: 'hello',
      trailers: { 'x-t': 'y' },
    })
    assert.match(String(forwarded), /^for=127\.0\.0\.1; proto=http;/)
    assert.equal((await ask({ method: 'HEAD', path: '/s/' })).status, 201)
    assert.equal((JSON.parse((await ask({})).body) as Record<string, unknown>).body, '')
  }
  assert.equal(upstream.sessions.length, 1)
})

test('over TLS the target has to agree on HTTP/2, and its certificate counts', async () => {
  await using signed = await makeSelfSigned()
  await using upstream = await startHttp2(echo, signed)
  const to = `https://127.0.0.1:${upstream.port}/`
  const routes = `route add a a.test/ ${to} opts "h2=true tlsskipverify=true"\nroute add b b.test/ ${to} opts "h2=true"`
  await using fabio = await startFabio({ routes })
  const ask = askHttp1(fabio.port)
  assert.equal((await ask({ host: 'a.test' })).status, 201)
  assert.equal(upstream.sessions[0]!.alpnProtocol, 'h2')
  assert.ok((await ask({ host: 'b.test' })).status >= 500)
})

describe('a target over HTTP/2 that', () => {
  test('refuses a request without looking at it is asked once more', async () => {
    let asked = 0
    await using upstream = await startHttp2((stream, fields) => {
      if (++asked === 1) stream.close(NGHTTP2_REFUSED_STREAM)
      else echo(stream, fields)
    })
    await using fabio = await startFabio({
      routes: `route add svc / http://127.0.0.1:${upstream.port}/ opts "h2=true"`,
    })
    const { status, body } = await askHttp1(fabio.port)({ method: 'POST', body: 'again' })
    assert.equal(status, 201)
    assert.equal((JSON.parse(body) as Record<string, unknown>).body, 'again')
  })

  test('is lost with its connection is asked once more what may be done twice, and nothing else', async () => {
    let asked = 0
    await using upstream = await startHttp2((stream, fields) => {
      asked++
      if (asked % 2 === 0) stream.session?.destroy()
      else echo(stream, fields)
    })
    await using fabio = await startFabio({
      routes: `route add svc / http://127.0.0.1:${upstream.port}/ opts "h2=true"`,
      flags: ['-runtime.gomaxprocs', '1'],
    })
    const ask = askHttp1(fabio.port)
    for (const [method, status, count] of [
      ['GET', 201, 1],
      ['PUT', 201, 3],
      ['POST', 502, 4],
    ] as const) {
      assert.equal((await ask({ method, body: method === 'GET' ? '' : 'body' })).status, status)
      assert.equal(asked, count)
    }
  })

  test('dies with the request leaves it to another target, once', async () => {
    let lost = 0
    const die: OnStream = stream => {
      lost++
      stream.session?.destroy()
    }
    await using first = await startHttp2(die)
    await using second = await startHttp2(die)
    await using third = await startHttp2(die)
    const all = [first, second, third].map(({ port }) => `route add svc / http://127.0.0.1:${port}/ opts "h2=true"`)
    await using fabio = await startFabio({ routes: all.join('\n'), flags: ['-runtime.gomaxprocs', '1'] })
    const ask = askHttp1(fabio.port)
    assert.equal((await ask({ path: '/' })).status, 502)
    assert.equal(lost, 2)
    assert.equal((await ask({ method: 'POST', path: '/', body: 'x' })).status, 502)
    assert.equal(lost, 3)
  })

  test('answers before it has got the request is asked no more of it', async () => {
    const framesOf = (received: string): Frame[] => readFrames(received.slice(PREFACE.length))
    await using upstream = await startRawUpstream(
      ({ socket, received }) => {
        const asked = framesOf(received).some(({ type }) => type === FRAME.headers)
        const answer = frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 1, fieldBlock(':status', '413'))
        if (asked) socket.write(answer, 'latin1')
      },
      ({ socket }) => socket.write(frame(FRAME.settings, 0, 0), 'latin1'),
    )
    const routes = `route add svc / http://127.0.0.1:${upstream.port}/ opts "h2=true"`
    await using fabio = await startFabio({ addr: H2C, routes })
    const session = http2.connect(fabio.url)
    try {
      const stream = session.request({ ':method': 'POST', ':path': '/' })
      stream.on('error', () => {})
      const [answer] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders]
      assert.equal(answer[':status'], 413)
      const resets = (): Frame[] => framesOf(upstream.received()).filter(({ type }) => type === FRAME.resetStream)
      await until('a reset', () => resets().length === 1)
      assert.deepEqual(resets().map(errorCode), [http2.constants.NGHTTP2_CANCEL])
    } finally {
      session.destroy()
    }
  })

  test('is not there leaves the request to the next, and is a 502 without one', async () => {
    await using upstream = await startHttp2(echo)
    const routes = [
      'route add svc / http://127.0.0.1:1/ opts "h2=true"',
      `route add svc / http://127.0.0.1:${upstream.port}/ opts "h2=true"`,
      'route add dead /dead http://127.0.0.1:1/ opts "h2=true"',
    ].join('\n')
    await using fabio = await startFabio({ routes, flags: ['-proxy.strategy', 'rr'] })
    const ask = askHttp1(fabio.port)
    for (let i = 0; i < 4; i++) assert.equal((await ask({ path: `/${i}` })).status, 201)
    assert.equal((await ask({ path: '/dead' })).status, 502)
  })

  test('takes its time for a body has its head passed on', async () => {
    let go: (() => void) | undefined
    await using upstream = await startHttp2(stream => {
      stream.respond({ ':status': 200 })
      go = () => stream.end('at last')
    })
    const routes = `route add svc / http://127.0.0.1:${upstream.port}/ opts "h2=true"`
    await using fabio = await startFabio({ addr: H2C, routes })
    await using raw = await RawClient.connect(fabio.port)
    raw.send(request('GET / HTTP/1.1', 'Host: a.test'))
    await raw.until(received => received.endsWith('\r\n\r\n'))
    go?.()
    const session = http2.connect(fabio.url)
    try {
      const stream = session.request({ ':path': '/' })
      await once(stream, 'response')
      go?.()
      stream.resume()
      await once(stream, 'end')
    } finally {
      session.destroy()
    }
  })

  test('breaks off within its answer breaks it off for the client', async () => {
    await using upstream = await startHttp2(stream => {
      stream.respond({ ':status': 200 })
      stream.write('half', () => setImmediate(() => resetStream(stream, NGHTTP2_INTERNAL_ERROR)))
    })
    await using fabio = await startFabio({
      routes: `route add svc / http://127.0.0.1:${upstream.port}/ opts "h2=true"`,
    })
    await using client = await RawClient.connect(fabio.port)
    client.send(request('GET / HTTP/1.1', 'Host: a'))
    const received = await client.ended()
    assert.match(received, /^HTTP\/1\.1 200 /)
    assert.doesNotMatch(received, /\r\n0\r\n\r\n$/)
  })

  test('is silent for too long is a 504, and a client that leaves is told to it', async () => {
    const codes: number[] = []
    let asked = 0
    await using upstream = await startHttp2(stream => {
      asked++
      stream.on('close', () => codes.push(stream.rstCode))
    })
    const routes = `route add svc / http://127.0.0.1:${upstream.port}/ opts "h2=true"`
    await using fabio = await startFabio({ routes, flags: ['-proxy.responseheadertimeout', '300ms'] })
    assert.equal((await askHttp1(fabio.port)({})).status, 504)
    await until('the stream is reset', () => codes.length === 1)
    await using client = await RawClient.connect(fabio.port)
    client.send(request('GET / HTTP/1.1', 'Host: a'))
    await until('it is asked', () => asked === 2)
    client.socket.destroy()
    await until('that stream is reset too', () => codes.length === 2)
    assert.deepEqual(codes, [8, 8])
  })

  test('takes a large body and gives a large answer at the pace of the slower side', async () => {
    const size = 4 * 1024 * 1024
    await using upstream = await startHttp2(stream => {
      let received = 0
      stream.on('data', (bytes: Buffer) => {
        received += bytes.length
      })
      stream.on('end', () => {
        stream.respond({ ':status': 200, 'content-length': size })
        stream.end(Buffer.alloc(size, String(received % 10)))
      })
    })
    await using fabio = await startFabio({
      addr: H2C,
      routes: `route add svc / http://127.0.0.1:${upstream.port}/ opts "h2=true"`,
    })
    using client = new Http2Client(fabio.url)
    for (const ask of [askHttp1(fabio.port), client.ask]) {
      const { body } = await ask({ method: 'POST', body: 'x'.repeat(size) })
      assert.equal(body.length, size)
      assert.equal(body[0], String(size % 10))
    }
  })
})

test('a request for another protocol goes over HTTP/1.1 all the same', async () => {
  const server = http.createServer()
  server.on('upgrade', (_request, socket) =>
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const routes = `route add svc / http://127.0.0.1:${(server.address() as AddressInfo).port}/ opts "h2=true"`
    await using fabio = await startFabio({ routes })
    await using client = await RawClient.connect(fabio.port)
    client.send(request('GET / HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket'))
    await client.until(received => received.startsWith('HTTP/1.1 101 '))
  } finally {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
})

test('what must not be indexed is said so again, both ways, for requests and for calls', async () => {
  const { sensitiveHeaders: sensitive } = http2
  const sensitiveOf = (fields: http2.IncomingHttpHeaders): unknown => Reflect.get(fields, sensitive)
  let seen: unknown
  await using upstream = await startHttp2((stream, fields) => {
    seen = sensitiveOf(fields)
    const type = fields['content-type'] ?? 'text/plain'
    stream.respond(
      { ':status': 200, 'content-type': type, 'x-answer': 's', 'grpc-status': '0', [sensitive]: ['x-answer'] },
      { endStream: true },
    )
  })
  const url = `127.0.0.1:${upstream.port}/`
  const routes = `route add svc / http://${url} opts "h2=true"\nroute add grpc /g.S/ grpc://${url} opts "proto=grpc"`
  await using fabio = await startFabio({ addr: H2C, routes, flags: ['-runtime.gomaxprocs', '1'] })
  const session = http2.connect(fabio.url)
  try {
    for (const fields of [
      { ':path': '/x', 'x-plain': 'p', 'x-key': 'k' },
      { ':path': '/g.S/M', ':method': 'POST', 'content-type': 'application/grpc', 'x-key': 'k' },
    ]) {
      const stream = session.request({ ...fields, [sensitive]: ['x-key'] }, { endStream: true })
      const [answer] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders]
      assert.equal(answer[':status'], 200)
      assert.deepEqual(sensitiveOf(answer), ['x-answer'])
      assert.deepEqual(seen, ['x-key'])
      stream.resume()
      await once(stream, 'close')
    }
  } finally {
    session.destroy()
  }
})

import assert from 'node:assert/strict'
import http2 from 'node:http2'
import net from 'node:net'
import { describe, test } from 'node:test'
import { ended, GrpcClient, startGrpcEcho } from '../harness/grpc-echo.ts'
import { findPorts } from '../harness/spawn-fabio.ts'
import { startFabio } from '../harness/start-fabio.ts'
import { until } from '../harness/until.ts'

const GRPC = '127.0.0.1:0;proto=grpc'

test('all four kinds of call reach the upstream and come back', async () => {
  await using echo = await startGrpcEcho()
  await using fabio = await startFabio({
    addr: GRPC,
    routes: `route add svc /test.Echo grpc://127.0.0.1:${echo.port}/`,
  })
  using client = new GrpcClient(fabio.port)
  assert.deepEqual((await client.unary('/test.Echo/Unary', 'hello')).messages, ['hello'])
  assert.deepEqual((await client.unary('/test.Echo/Count', '3')).messages, ['1', '2', '3'])
  assert.deepEqual((await client.stream('/test.Echo/Collect', ['aa', 'bbb'])).messages, ['5'])
  const chat = await client.stream('/test.Echo/Chat', ['a', 'b', 'c'])
  assert.deepEqual([chat.code, chat.messages], [0, ['a', 'b', 'c']])
})

test('metadata, its order and its bytes pass both ways', async () => {
  await using echo = await startGrpcEcho()
  await using fabio = await startFabio({ addr: GRPC, routes: `route add svc / grpc://127.0.0.1:${echo.port}` })
  using client = new GrpcClient(fabio.port)
  const metadata = { one: ['1', '2'], 'x-request-id': 'abc' }
  const { head, trailers } = await client.unary('/test.Echo/Unary', 'x', { metadata })
  const seen = echo.calls[0]!.metadata
  assert.deepEqual(seen.get('one').join(', '), '1, 2')
  assert.deepEqual(seen.get('x-request-id'), ['abc'])
  assert.equal(echo.calls[0]!.host, `127.0.0.1:${echo.port}`)
  assert.deepEqual(head?.get('server'), ['echo'])
  assert.deepEqual(trailers.get('trailing'), ['yes'])
  assert.deepEqual(trailers.get('trailing-bin'), [Buffer.from([0, 255])])
})

test('an error of the upstream passes with its text and trailers', async () => {
  await using echo = await startGrpcEcho()
  await using fabio = await startFabio({ addr: GRPC, routes: `route add svc / grpc://127.0.0.1:${echo.port}` })
  using client = new GrpcClient(fabio.port)
  const { code, details, trailers } = await client.unary('/test.Echo/Unary', 'fail:9:not so, é 100%')
  assert.deepEqual([code, details, trailers.get('trailing')], [9, 'not so, é 100%', ['yes']])
  assert.equal((await client.unary('/test.Echo/Nope')).code, 12)
})

describe('routes', () => {
  test('are looked up with the method as path and dsthost as host', async () => {
    await using any = await startGrpcEcho({ name: 'any' })
    await using blue = await startGrpcEcho({ name: 'blue' })
    await using exact = await startGrpcEcho({ name: 'exact' })
    const routes = [
      `route add any /test.Echo grpc://127.0.0.1:${any.port}`,
      `route add blue blue/test.Echo grpc://127.0.0.1:${blue.port}`,
      `route add exact /test.Echo/Unary grpc://127.0.0.1:${exact.port}`,
    ].join('\n')
    await using fabio = await startFabio({ addr: GRPC, routes })
    using client = new GrpcClient(fabio.port)
    const served = async (path: string, dsthost: string | string[] | undefined): Promise<unknown> => {
      const before = [any, blue, exact].map(echo => echo.calls.length)
      await client.unary(path, '0', dsthost === undefined ? {} : { metadata: { dsthost } })
      return ['any', 'blue', 'exact'].find((_, i) => [any, blue, exact][i]!.calls.length > before[i]!)
    }
    assert.equal(await served('/test.Echo/Count', undefined), 'any')
    assert.equal(await served('/test.Echo/Unary', undefined), 'exact')
    assert.equal(await served('/test.Echo/Count', 'blue'), 'blue')
    assert.equal(await served('/test.Echo/Unary', 'blue'), 'blue')
    assert.equal(await served('/test.Echo/Count', 'green'), 'any')
  })

  test("that do not exist, and methods that are none, get the original's status", async () => {
    await using fabio = await startFabio({ addr: GRPC, routes: 'route add svc /a grpc://127.0.0.1:1/' })
    using client = new GrpcClient(fabio.port)
    const status = async (path: string): Promise<unknown> => {
      const { code, details } = await client.unary(path)
      return [code, details]
    }
    assert.deepEqual(await status('/x.S/M'), [5, 'no route found'])
    assert.deepEqual(await status('/x'), [12, 'malformed method name: "/x"'])
    assert.deepEqual(await status('/a/%zz'), [13, 'internal error'])
    await until('the log says so', () => fabio.log().includes('[WARN] grpc: no route found for /x.S/M'))
  })

  test('balance call by call, not connection by connection', async () => {
    await using a = await startGrpcEcho()
    await using b = await startGrpcEcho()
    const routes = `route add svc / grpc://127.0.0.1:${a.port}\nroute add svc / grpc://127.0.0.1:${b.port}`
    await using fabio = await startFabio({ addr: GRPC, routes, flags: ['-proxy.strategy', 'rr'] })
    using client = new GrpcClient(fabio.port)
    for (let i = 0; i < 10; i++) await client.unary('/test.Echo/Unary')
    assert.deepEqual([a.calls.length, b.calls.length], [5, 5])
  })
})

describe('an upstream that', () => {
  test('cannot be reached leaves the call to the next target, and is UNAVAILABLE when there is none', async () => {
    await using echo = await startGrpcEcho()
    const routes = [
      'route add svc /test.Echo grpc://127.0.0.1:1/',
      `route add svc /test.Echo grpc://127.0.0.1:${echo.port}`,
      'route add dead /dead grpc://127.0.0.1:1/',
    ].join('\n')
    await using fabio = await startFabio({ addr: GRPC, routes, flags: ['-proxy.strategy', 'rr'] })
    using client = new GrpcClient(fabio.port)
    for (let i = 0; i < 4; i++) assert.equal((await client.unary('/test.Echo/Unary')).code, 0)
    const dead = await client.unary('/dead/M')
    assert.equal(dead.code, 14)
    assert.match(dead.details, /connection error: desc = "transport: Error while dialing/)
  })

  test('speaks no HTTP/2 is UNAVAILABLE', async () => {
    await using server = listening(socket => socket.resume().end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    await using fabio = await startFabio({
      addr: GRPC,
      routes: `route add svc / http://127.0.0.1:${await server.port}/`,
    })
    using client = new GrpcClient(fabio.port)
    assert.equal((await client.unary('/a/b')).code, 14)
  })

  test('answers with something that is no gRPC gives the status its HTTP status stands for', async () => {
    await using upstream = await startHttp2(stream =>
      stream.respond({ ':status': 403, 'content-type': 'text/html' }, { endStream: true }),
    )
    await using fabio = await startFabio({ addr: GRPC, routes: `route add svc / http://127.0.0.1:${upstream.port}/` })
    using client = new GrpcClient(fabio.port)
    assert.equal((await client.unary('/a/b')).code, 7)
  })

  test('resets a call gives the status its error stands for, and the connection serves on', async () => {
    let calls = 0
    await using upstream = await startHttp2(stream => {
      calls++
      if (calls === 1) return stream.close(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM)
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '0' }, { endStream: true })
    })
    await using fabio = await startFabio({ addr: GRPC, routes: `route add svc / grpc://127.0.0.1:${upstream.port}/` })
    using client = new GrpcClient(fabio.port)
    assert.equal((await client.unary('/a/b')).code, 8)
    assert.equal((await client.unary('/a/b')).code, 0)
    assert.equal(upstream.sessions.length, 1)
  })

  test('refuses a call without looking at it is asked once more, with the same messages', async () => {
    let calls = 0
    const bodies: string[] = []
    await using upstream = await startHttp2(stream => {
      calls++
      if (calls === 1) return stream.close(http2.constants.NGHTTP2_REFUSED_STREAM)
      let body = ''
      stream.on('data', (bytes: Buffer) => {
        body += bytes.toString('latin1')
      })
      stream.on('end', () => {
        bodies.push(body)
        stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '0' }, { endStream: true })
      })
    })
    await using fabio = await startFabio({ addr: GRPC, routes: `route add svc / grpc://127.0.0.1:${upstream.port}/` })
    using client = new GrpcClient(fabio.port)
    assert.equal((await client.unary('/a/b', 'message')).code, 0)
    assert.deepEqual(bodies, ['\0\0\0\0\x07message'])
  })

  test('dies within an answer is UNAVAILABLE', async () => {
    await using upstream = await startHttp2(stream => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
      stream.write(Buffer.from('\0\0\0\0\x01a'), () => setImmediate(() => stream.session?.destroy()))
    })
    await using fabio = await startFabio({ addr: GRPC, routes: `route add svc / grpc://127.0.0.1:${upstream.port}/` })
    using client = new GrpcClient(fabio.port)
    const { code, messages } = await client.unary('/a/b')
    assert.deepEqual([code, messages], [14, ['a']])
  })

  test('ends for a deploy loses no call', async () => {
    await using old = await startGrpcEcho()
    await using next = await startGrpcEcho()
    const routes = `route add svc / grpc://127.0.0.1:${old.port}\nroute add svc / grpc://127.0.0.1:${next.port}`
    await using fabio = await startFabio({ addr: GRPC, routes, flags: ['-proxy.strategy', 'rr'] })
    using client = new GrpcClient(fabio.port)
    const codes: number[] = []
    for (let i = 0; i < 60; i++) {
      if (i === 20) void old.shutdown()
      codes.push((await client.unary('/test.Echo/Unary', String(i))).code)
    }
    assert.deepEqual(
      codes.filter(code => code !== 0),
      [],
    )
  })
})

describe('limits', () => {
  const flags = ['-proxy.grpcmaxrxmsgsize', '1000', '-proxy.grpcmaxtxmsgsize', '500']

  test("on message sizes hold in each direction, in the original's words", async () => {
    await using echo = await startGrpcEcho()
    await using fabio = await startFabio({ addr: GRPC, routes: `route add svc / grpc://127.0.0.1:${echo.port}`, flags })
    using client = new GrpcClient(fabio.port)
    const status = async (message: string): Promise<unknown> => {
      const { code, details } = await client.unary('/test.Echo/Unary', message)
      return [code, details]
    }
    assert.deepEqual(await status('x'.repeat(500)), [0, 'OK'])
    assert.deepEqual(await status('x'.repeat(1001)), [8, 'grpc: received message larger than max (1001 vs. 1000)'])
    assert.deepEqual(await status('size:1001'), [8, 'grpc: received message larger than max (1001 vs. 1000)'])
    assert.deepEqual(await status('size:501'), [8, 'trying to send message larger than max (501 vs. 500)'])
  })

  test('a deadline ends the call at the upstream too', async () => {
    await using echo = await startGrpcEcho()
    await using fabio = await startFabio({ addr: GRPC, routes: `route add svc / grpc://127.0.0.1:${echo.port}` })
    using client = new GrpcClient(fabio.port)
    const { code } = await client.unary('/test.Echo/Unary', 'hang', { deadline: Date.now() + 1500 })
    assert.equal(code, 4)
    await until('the upstream hears of it', () => echo.cancelled === 1)
    assert.match(String(echo.calls[0]!.metadata.get('grpc-timeout')), /^$/)
  })

  test('a client that cancels frees the upstream', async () => {
    await using echo = await startGrpcEcho()
    await using fabio = await startFabio({ addr: GRPC, routes: `route add svc / grpc://127.0.0.1:${echo.port}` })
    using client = new GrpcClient(fabio.port)
    const call = client.open('/test.Echo/Chat')
    const end = ended(call)
    call.write(Buffer.from('a'))
    await until('the call is there', () => echo.calls.length === 1)
    call.cancel()
    assert.equal((await end).code, 1)
    await until('the upstream hears of it', () => echo.cancelled === 1)
  })
})

test('access rules and authentication hold for calls', async () => {
  await using echo = await startGrpcEcho()
  const routes = [
    `route add den /deny grpc://127.0.0.1:${echo.port} opts "deny=ip:127.0.0.0/8"`,
    `route add far /test.Echo grpc://127.0.0.1:${echo.port} opts "allow=ip:127.0.0.0/8"`,
    `route add who /auth grpc://127.0.0.1:${echo.port} opts "auth=unknown"`,
  ].join('\n')
  await using fabio = await startFabio({ addr: GRPC, routes })
  using client = new GrpcClient(fabio.port)
  assert.equal((await client.unary('/deny/M')).code, 7)
  assert.equal((await client.unary('/test.Echo/Unary')).code, 0)
  assert.equal((await client.unary('/test.Echo/Unary', '', { metadata: { 'x-forwarded-for': '10.1.1.1' } })).code, 7)
  assert.equal((await client.unary('/auth/M')).code, 16)
  assert.equal(echo.calls.length, 1)
})

test("metrics have the original's names, the misspelt one included", async () => {
  const [port] = await findPorts(1)
  await using echo = await startGrpcEcho()
  await using fabio = await startFabio({
    addr: `${GRPC},127.0.0.1:${port};proto=prometheus`,
    routes: `route add svc /test.Echo grpc://127.0.0.1:${echo.port}`,
    flags: ['-metrics.target', 'prometheus', '-metrics.prefix', 'fabio'],
  })
  using client = new GrpcClient(fabio.port)
  await client.unary('/test.Echo/Unary')
  await client.unary('/test.Echo/Nope')
  await client.unary('/none/M')
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const value = (line: string): string | undefined =>
    text
      .split('\n')
      .find(one => one.startsWith(`${line} `))
      ?.slice(line.length + 1)
  assert.equal(value('fabio_grpc_conn'), '1')
  assert.equal(value('fabio_grpc_noroute'), '1')
  assert.equal(value('fabio_grpc_requests_count'), '3')
  for (const code of ['OK', 'Unimplemented', 'NotFound'])
    assert.equal(value(`fabio_grep_status_count{code="${code}"}`), '1', code)
  assert.match(text, /^fabio_route_count\{.*service="svc".*\} 2$/m)
})

test('what is no gRPC is refused, without an upstream', async () => {
  await using fabio = await startFabio({ addr: GRPC, routes: 'route add svc / grpc://127.0.0.1:1/' })
  const session = http2.connect(fabio.url)
  const status = (headers: http2.OutgoingHttpHeaders): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ':path': '/a/b', ...headers }, { endStream: true })
      stream.on('response', answer => resolve(answer[':status']))
      stream.on('error', reject)
      stream.resume()
    })
  assert.equal(await status({ ':method': 'GET' }), 415)
  assert.equal(await status({ ':method': 'POST', 'content-type': 'application/grpc-web' }), 415)
  assert.equal(await status({ ':method': 'PUT', 'content-type': 'application/grpc' }), 405)
  session.destroy()
})

function listening(onSocket: (socket: net.Socket) => void): AsyncDisposable & { port: Promise<number> } {
  const server = net.createServer(onSocket)
  const port = new Promise<number>(resolve => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as net.AddressInfo).port))
  })
  return { port, [Symbol.asyncDispose]: () => new Promise(resolve => server.close(() => resolve())) }
}

async function startHttp2(
  onStream: (stream: http2.ServerHttp2Stream) => void,
): Promise<AsyncDisposable & { port: number; sessions: http2.ServerHttp2Session[] }> {
  const sessions: http2.ServerHttp2Session[] = []
  const server = http2.createServer()
  server.on('session', session => {
    sessions.push(session)
    session.on('error', () => {})
  })
  server.on('stream', (stream: http2.ServerHttp2Stream) => {
    stream.on('error', () => {})
    onStream(stream)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as net.AddressInfo).port,
    sessions,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as grpc from '@grpc/grpc-js'
import { GrpcClient, startGrpcEcho } from '../harness/grpc-echo.ts'
import { errorCode, FLAG, FRAME, fieldBlock, frame, PREFACE, readFrames } from '../harness/http2-frames.ts'
import { RawClient } from '../harness/raw-client.ts'
import { answering, OK, startRawUpstream } from '../harness/raw-upstream.ts'
import { makeSelfSigned } from '../harness/self-signed.ts'
import { startFabio } from '../harness/start-fabio.ts'

/** An address is no server name. */
const NAME = { 'grpc.ssl_target_name_override': 'localhost' }

test('calls come in over TLS, and go out over TLS to targets that are called grpcs', async () => {
  await using signed = await makeSelfSigned()
  const pair = { private_key: Buffer.from(signed.key), cert_chain: Buffer.from(signed.cert) }
  await using echo = await startGrpcEcho({ credentials: grpc.ServerCredentials.createSsl(null, [pair]) })
  const to = `grpcs://127.0.0.1:${echo.port}`
  const routes = [
    `route add skip /test.Echo ${to} opts "tlsskipverify=true"`,
    `route add named /test.Echo/Count ${to} opts "tlsskipverify=true grpcservername=localhost"`,
    `route add strict /test.Echo/Collect ${to}`,
  ].join('\n')
  await using fabio = await startFabio({
    addr: '127.0.0.1:0;proto=grpcs;cs=edge,127.0.0.1:0;proto=grpc',
    routes,
    flags: ['-proxy.cs', `cs=edge;type=file;cert=${signed.certFile};key=${signed.keyFile}`],
  })
  using secure = new GrpcClient(fabio.ports[0]!, grpc.credentials.createSsl(Buffer.from(signed.cert)), NAME)
  using plain = new GrpcClient(fabio.ports[1]!)
  for (const client of [secure, plain]) {
    const { code, details, messages } = await client.unary('/test.Echo/Unary', 'hello')
    assert.deepEqual([code, details, messages], [0, 'OK', ['hello']])
    assert.deepEqual((await client.unary('/test.Echo/Count', '2')).messages, ['1', '2'])
    assert.equal((await client.stream('/test.Echo/Collect', ['x'])).code, 14, 'nobody signed that certificate')
  }
  assert.equal(echo.calls.find(({ path }) => path === '/test.Echo/Count')?.host, 'localhost')
})

describe('an ordinary listener', () => {
  test('relays calls to gRPC targets by their type, with the authority as host, beside requests', async () => {
    await using signed = await makeSelfSigned()
    await using echo = await startGrpcEcho()
    await using web = await startRawUpstream(answering(OK))
    const routes = [
      `route add echo /test.Echo grpc://127.0.0.1:${echo.port}`,
      `route add web / ${web.url}`,
      `route add den /denied grpc://127.0.0.1:${echo.port} opts "deny=ip:127.0.0.0/8"`,
    ].join('\n')
    await using fabio = await startFabio({
      addr: '127.0.0.1:0;cs=edge,127.0.0.1:0;h2c=true',
      routes,
      flags: ['-proxy.cs', `cs=edge;type=file;cert=${signed.certFile};key=${signed.keyFile}`],
    })
    using secure = new GrpcClient(fabio.ports[0]!, grpc.credentials.createSsl(Buffer.from(signed.cert)), NAME)
    using plain = new GrpcClient(fabio.ports[1]!)
    for (const client of [secure, plain]) {
      assert.deepEqual((await client.unary('/test.Echo/Unary', 'hello')).messages, ['hello'])
      assert.deepEqual((await client.stream('/test.Echo/Chat', ['a', 'b'])).messages, ['a', 'b'])
      assert.equal((await client.unary('/denied/M')).code, 7)
    }
    assert.equal(await (await fetch(`http://127.0.0.1:${fabio.ports[1]}/page`)).text(), 'ok')
    // What goes to a web server is a request like any other, whatever its type says.
    assert.notEqual((await plain.unary('/other/M')).code, 0)
    assert.match(web.received(), /^POST \/other\/M HTTP\/1\.1\r$/m)
  })
})

test('a field that Node would not send does not pass, and does no harm', async () => {
  await using echo = await startGrpcEcho()
  await using fabio = await startFabio({
    addr: '127.0.0.1:0;proto=grpc',
    routes: `route add svc / grpc://127.0.0.1:${echo.port}`,
    flags: ['-runtime.gomaxprocs', '1'],
  })
  await using client = await RawClient.connect(fabio.port)
  const call = [':method', 'POST', ':scheme', 'http', ':path', '/test.Echo/Unary', ':authority', 'a', 'te', 'trailers']
  const fields = fieldBlock(...call, 'content-type', 'application/grpc', 'http2-settings', 'AAMAAABk')
  const message = frame(FRAME.data, FLAG.endStream, 1, '\0\0\0\0\x02hi')
  client.send(PREFACE + frame(FRAME.settings, 0, 0) + frame(FRAME.headers, FLAG.endHeaders, 1, fields) + message)
  await client.until(received =>
    readFrames(received).some(({ type, payload }) => type === FRAME.data && payload.endsWith('hi')),
  )
  assert.equal(
    readFrames(client.received).filter(one => one.type === FRAME.resetStream && errorCode(one) !== 0).length,
    0,
  )
  assert.equal(echo.calls.length, 1)
  assert.deepEqual(echo.calls[0]!.metadata.get('http2-settings'), [])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GrpcClient, startGrpcEcho } from '../harness/grpc-echo.ts'
import { startHttpUpstream } from '../harness/http-upstream.ts'
import { RawClient, request } from '../harness/raw-client.ts'
import { startFabio } from '../harness/start-fabio.ts'

const FORWARDED = [
  'X-Forwarded-For: 192.0.2.7',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Port: 8443',
  'X-Forwarded-Host: shop.test',
  'X-Forwarded-Prefix: /p',
  'X-Real-Ip: 192.0.2.7',
  'Forwarded: for=192.0.2.7;proto=https',
]

const PERMISSION_DENIED = 7
const UNIMPLEMENTED = 12

/** What the upstream is told, of what the client said and of what it did not. */
const TOLD = {
  everything: {
    'x-forwarded-for': '192.0.2.7, 127.0.0.1',
    'x-forwarded-proto': 'https',
    'x-forwarded-port': '8443',
    'x-forwarded-host': 'shop.test',
    'x-forwarded-prefix': '/p',
    'x-real-ip': '192.0.2.7',
    forwarded: 'for=192.0.2.7;proto=https; by=10.1.1.1; httpproto=http/1.1',
  },
  nothing: {
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-forwarded-port': '80',
    'x-forwarded-host': 'a.test',
    'x-forwarded-prefix': undefined,
    'x-real-ip': '127.0.0.1',
    forwarded: 'for=127.0.0.1; proto=http; by=10.1.1.1; httpproto=http/1.1',
  },
}

for (const [what, flags, told] of [
  ['everybody is trusted by default, as up to Fabio 1.7', [], TOLD.everything],
  ['a listed proxy is trusted', ['-proxy.trustedproxies', '127.0.0.0/8'], TOLD.everything],
  ['of all others the forwarded headers are replaced', ['-proxy.trustedproxies', '10.0.0.0/8,::1'], TOLD.nothing],
  [
    'a listed proxy is trusted with 1.8 too',
    ['-proxy.compat', '1.8', '-proxy.trustedproxies', '127.0.0.1'],
    TOLD.everything,
  ],
] as const) {
  test(what, async () => {
    await using upstream = await startHttpUpstream(({ send }) => send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
    await using fabio = await startFabio({
      routes: `route add svc / ${upstream.url}`,
      flags: ['-proxy.localip', '10.1.1.1', ...flags],
    })
    await using client = await RawClient.connect(fabio.port)
    client.send(request('GET / HTTP/1.1', 'Host: a.test', ...FORWARDED))
    await client.answer()
    for (const [name, expected] of Object.entries(told))
      assert.equal(upstream.requests[0]?.header(name), expected, name)
  })
}

test('with proxy.compat=1.8 X-Forwarded-Proto is what the connection is, and the others stay', async () => {
  await using upstream = await startHttpUpstream(({ send }) => send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
  await using fabio = await startFabio({ routes: `route add svc / ${upstream.url}`, flags: ['-proxy.compat', '1.8'] })
  await using client = await RawClient.connect(fabio.port)
  client.send(request('GET / HTTP/1.1', 'Host: a.test', 'X-Forwarded-Proto: https', 'X-Forwarded-For: 192.0.2.7'))
  await client.answer()
  assert.equal(upstream.requests[0]?.header('x-forwarded-proto'), 'http')
  assert.equal(upstream.requests[0]?.header('x-forwarded-for'), '192.0.2.7, 127.0.0.1')
})

test('a PROXY header of somebody who is not trusted ends the connection', async () => {
  await using upstream = await startHttpUpstream(({ send }) => send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
  for (const [trusted, status] of [
    ['10.0.0.0/8', undefined],
    ['127.0.0.1', 200],
  ] as const) {
    await using fabio = await startFabio({
      routes: `route add svc / ${upstream.url}`,
      addr: '127.0.0.1:0;pxyproto=true',
      flags: ['-proxy.trustedproxies', trusted],
    })
    await using client = await RawClient.connect(fabio.port)
    client.send(`PROXY TCP4 192.0.2.1 10.0.0.1 1 2\r\n${request('GET / HTTP/1.1', 'Host: a.test')}`)
    if (status === undefined) assert.equal(await client.ended(), '')
    else assert.equal((await client.answer()).status, status)
  }
})

for (const [trusted, claims] of [
  ['127.0.0.1', ['192.0.2.7']],
  ['10.0.0.0/8', []],
] as const) {
  for (const addr of ['127.0.0.1:0;proto=grpc', '127.0.0.1:0;h2c=true'])
    test(`where the metadata of a call came from counts for ${trusted} only, on ${addr}`, async () => {
      await using echo = await startGrpcEcho()
      const target = `grpc://127.0.0.1:${echo.port}`
      await using fabio = await startFabio({
        routes: `route add svc / ${target}\nroute add den /test.Echo/None ${target} opts "deny=ip:192.0.2.0/24"`,
        addr,
        flags: ['-proxy.trustedproxies', trusted],
      })
      using client = new GrpcClient(fabio.port)
      const metadata = Object.fromEntries(FORWARDED.map(line => line.toLowerCase().split(': ') as [string, string]))
      const { code: allowed } = await client.unary('/test.Echo/Unary', 'a', { metadata: { ...metadata, own: 'x' } })
      assert.equal(allowed, 0)
      const told = echo.calls[0]!.metadata
      assert.deepEqual(told.get('x-forwarded-for'), claims)
      assert.deepEqual(told.get('x-real-ip'), claims)
      assert.equal(told.get('forwarded').length, claims.length)
      assert.deepEqual(told.get('own'), ['x'])
      const { code: denied } = await client.unary('/test.Echo/None', 'a', { metadata })
      assert.equal(denied, claims.length > 0 ? PERMISSION_DENIED : UNIMPLEMENTED)
    })
}

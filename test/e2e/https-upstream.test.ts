import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:https'
import { test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { request } from 'undici'
import { startRawUpstream } from '../harness/raw-upstream.ts'
import { startFabio } from '../harness/start-fabio.ts'
import { type IssuedPair, TestAuthority } from '../harness/test-authority.ts'
import { until } from '../harness/until.ts'

interface SecureUpstream extends AsyncDisposable {
  readonly port: number
  /** SNI of each request, and whether its connection took up an earlier session. */
  readonly requests: { readonly serverName: string; readonly isResumed: boolean; readonly host: string }[]
}

async function startSecureUpstream(pair: IssuedPair): Promise<SecureUpstream> {
  const requests: SecureUpstream['requests'] = []
  const server = createServer({ cert: pair.cert, key: pair.key }, (asked, response) => {
    const socket = asked.socket as TLSSocket & { servername?: string | false }
    const serverName = typeof socket.servername === 'string' ? socket.servername : ''
    requests.push({ serverName, isResumed: socket.isSessionReused(), host: asked.headers.host ?? '' })
    let length = 0
    asked.on('data', piece => {
      length += (piece as Buffer).length
    })
    asked.on('end', () => response.end(`${asked.method} ${length}`))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

test('an https target is asked over TLS, if its certificate is for its name', async () => {
  await using authority = await TestAuthority.create()
  await using upstream = await startSecureUpstream(await authority.issue('backend.test'))
  const url = `https://127.0.0.1:${upstream.port}`
  await using fabio = await startFabio({
    routes: [
      `route add svc a.test/ ${url}`,
      `route add svc b.test/ ${url} opts "host=backend.test"`,
      `route add svc c.test/ ${url} opts "host=other.test"`,
      `route add svc d.test/ ${url} opts "host=other.test tlsskipverify=true"`,
      `route add svc e.test/ ${url} opts "host=dst"`,
    ].join('\n'),
    flags: ['-proxy.upstream.ca', authority.caFile],
  })
  const ask = async (host: string): Promise<string> => {
    const { statusCode, body } = await request(fabio.url, {
      method: 'POST',
      body: 'x'.repeat(200_000),
      headers: { host },
    })
    return `${statusCode} ${await body.text()}`
  }
  const seen = (): unknown => upstream.requests.splice(0).map(({ serverName, host }) => [serverName, host])
  assert.equal(await ask('a.test'), '200 POST 200000')
  assert.deepEqual(seen(), [['', 'a.test']])
  assert.equal(await ask('b.test'), '200 POST 200000')
  assert.deepEqual(seen(), [['backend.test', 'backend.test']])
  assert.equal(await ask('c.test'), '500 ')
  assert.equal(await ask('d.test'), '200 POST 200000')
  assert.deepEqual(seen(), [['other.test', 'other.test']])
  assert.equal(await ask('e.test'), '200 POST 200000')
  assert.deepEqual(seen(), [['', `127.0.0.1:${upstream.port}`]])
  await until('the log says so', () => /upstream 127\.0\.0\.1:\d+: .*other\.test/.test(fabio.log()))
})

test('an authority nobody vouches for, plain HTTP, and a closed port have the statuses of Fabio', async () => {
  await using authority = await TestAuthority.create()
  await using upstream = await startSecureUpstream(await authority.issue('backend.test'))
  await using plain = await startRawUpstream(({ socket }) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'))
  await using gone = await startRawUpstream(
    () => {},
    ({ socket }) => socket.destroy(),
  )
  await using fabio = await startFabio({
    routes: [
      `route add svc a.test/ https://127.0.0.1:${upstream.port}`,
      `route add svc b.test/ https://127.0.0.1:${plain.port}`,
      `route add svc c.test/ https://127.0.0.1:${gone.port}`,
      `route add svc d.test/ https://127.0.0.1:${upstream.port} opts "tlsskipverify=true"`,
    ].join('\n'),
  })
  for (const [host, status] of Object.entries({ 'a.test': 500, 'b.test': 500, 'c.test': 502, 'd.test': 200 })) {
    const { statusCode, body } = await request(fabio.url, { headers: { host } })
    assert.equal(statusCode, status, host)
    await body.dump()
  }
})

test('a second connection to an https target takes up the session of the first', async () => {
  await using authority = await TestAuthority.create()
  await using upstream = await startSecureUpstream(await authority.issue('backend.test'))
  await using fabio = await startFabio({
    routes: `route add svc / https://127.0.0.1:${upstream.port}`,
    flags: ['-proxy.upstream.ca', authority.caFile, '-proxy.maxconn', '0', '-runtime.gomaxprocs', '1'],
  })
  await until('a session is taken up', async () => {
    await (await fetch(fabio.url)).text()
    return upstream.requests.at(-1)?.isResumed === true
  })
})

test('a file of authorities that cannot be read ends the start', async () => {
  await assert.rejects(startFabio({ flags: ['-proxy.upstream.ca', '/does/not/exist'] }), /proxy\.upstream\.ca: open/)
})

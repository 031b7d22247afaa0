import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import tls from 'node:tls'
import { request } from 'undici'
import { startHttpUpstream } from '../harness/http-upstream.ts'
import { RawClient } from '../harness/raw-client.ts'
import { answering, OK, startRawUpstream } from '../harness/raw-upstream.ts'
import { findPorts } from '../harness/spawn-fabio.ts'
import { startFabio } from '../harness/start-fabio.ts'
import { type IssuedPair, TestAuthority } from '../harness/test-authority.ts'
import { until } from '../harness/until.ts'
import { helloMessage, inRecords } from '../wire/client-hello.ts'

interface TlsEcho extends AsyncDisposable {
  readonly port: number
}

/** Answers every piece with the name the client asked for and the piece; ends when the client does. */
async function startTlsEcho(pair: IssuedPair): Promise<TlsEcho> {
  const server = tls.createServer({ cert: pair.cert, key: pair.key, allowHalfOpen: true }, socket => {
    socket.on('data', piece => socket.write(`${String(socket.servername)} ${String(piece)}`))
    socket.on('end', () => socket.end('bye'))
    socket.on('error', () => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    async [Symbol.asyncDispose]() {
      server.close()
      await once(server, 'close')
    },
  }
}

/** What a client gets that asks for this name, says `hello`, and ends its side. */
async function hello(port: number, servername: string): Promise<string> {
  const options = { port, host: '127.0.0.1', servername, rejectUnauthorized: false, allowHalfOpen: true }
  const socket = tls.connect(options)
  await once(socket, 'secureConnect')
  socket.write('hello')
  const [first] = await once(socket, 'data')
  let answer = String(first)
  socket.end()
  for await (const piece of socket) answer += String(piece)
  return answer
}

describe('tcp+sni', () => {
  test('passes a connection on to the route of the name it asks for, undecrypted', async () => {
    await using authority = await TestAuthority.create()
    await using echo = await startTlsEcho(await authority.issue('foo.test'))
    await using fabio = await startFabio({
      routes: [
        `route add svc foo.test/ tcp://127.0.0.1:${echo.port}`,
        `route add svc bar.test http://127.0.0.1:${echo.port}`,
        `route add svc path.test/x tcp://127.0.0.1:${echo.port}`,
        `route add svc *.glob.test/ tcp://127.0.0.1:${echo.port}`,
        `route add svc denied.test/ tcp://127.0.0.1:${echo.port} opts "deny=ip:127.0.0.1/32"`,
      ].join('\n'),
      addr: '127.0.0.1:0;proto=tcp+sni',
    })
    assert.equal(await hello(fabio.port, 'foo.test'), 'foo.test hellobye')
    assert.equal(await hello(fabio.port, 'FOO.test'), 'FOO.test hellobye')
    assert.equal(await hello(fabio.port, 'bar.test'), 'bar.test hellobye')
    for (const name of ['path.test', 'x.glob.test', 'none.test', 'denied.test'])
      await assert.rejects(hello(fabio.port, name), name)
    await until('the misses are logged', () => /\[WARN\] No route for none\.test/.test(fabio.log()))
    await until('the log says so', () => /route rules denied access from 127\.0\.0\.1/.test(fabio.log()))
  })

  test('closes what is no ClientHello, or names nobody, without a word', async () => {
    await using upstream = await startRawUpstream(answering(OK))
    await using fabio = await startFabio({
      routes: `route add svc / tcp://127.0.0.1:${upstream.port}`,
      addr: '127.0.0.1:0;proto=tcp+sni;rt=300ms',
    })
    for (const bytes of ['GET / HTTP/1.1\r\n\r\n', inRecords(helloMessage({})).toString('latin1'), '\x16\x03\x01']) {
      await using client = await RawClient.connect(fabio.port)
      client.send(bytes)
      assert.equal(await client.ended(), '')
    }
    await until('the last one is logged', () => fabio.log().includes('(no client hello in time)'))
    await until('the log says so', () => /tcp\+sni: TLS handshake failed \(not a TLS handshake\)/.test(fabio.log()))
    await until('the log says so', () => /tcp\+sni: TLS handshake failed \(server_name missing\)/.test(fabio.log()))
    assert.equal(upstream.connections.length, 0)
  })

  test('loses no byte behind the hello, reads it in any pieces, and says by PROXY who is connected', async () => {
    await using upstream = await startRawUpstream(() => {})
    await using fabio = await startFabio({
      routes: `route add svc foo.test/ tcp://127.0.0.1:${upstream.port} opts "pxyproto=true"`,
      addr: '127.0.0.1:0;proto=tcp+sni;pxyproto=true',
    })
    const sent = `${inRecords(helloMessage({ serverName: 'foo.test' }), 30).toString('latin1')}\x17\x03\x03\x00\x05early`
    await using client = await RawClient.connect(fabio.port)
    client.send('PROXY TCP4 192.0.2.1 198.51.100.1 1234 443\r\n')
    for (const piece of [sent.slice(0, 3), sent.slice(3, 70), sent.slice(70)]) {
      client.send(piece)
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    const expected = `PROXY TCP4 192.0.2.1 198.51.100.1 1234 443\r\n${sent}`
    await until('all of it is there', () => upstream.received().length >= expected.length)
    assert.equal(upstream.received(), expected)
  })

  test('goes on to the next target when one cannot be connected to', async () => {
    await using authority = await TestAuthority.create()
    await using echo = await startTlsEcho(await authority.issue('foo.test'))
    await using fabio = await startFabio({
      routes: `route add svc foo.test/ tcp://127.0.0.1:1\nroute add svc foo.test/ tcp://127.0.0.1:${echo.port}`,
      addr: '127.0.0.1:0;proto=tcp+sni',
      flags: ['-proxy.strategy', 'rr'],
    })
    for (let i = 0; i < 4; i++) assert.equal(await hello(fabio.port, 'foo.test'), 'foo.test hellobye')
    await until('the log says so', () => /tcp\+sni: cannot connect to upstream 127\.0\.0\.1:1/.test(fabio.log()))
  })
})

describe('https+tcp+sni', () => {
  test('passes on names of TCP routes and decrypts all others', async () => {
    await using authority = await TestAuthority.create()
    const own = await authority.issue('own.test')
    await using echo = await startTlsEcho(await authority.issue('foo.test'))
    await using web = await startHttpUpstream(({ head, send }) =>
      send(`HTTP/1.1 200 OK\r\nContent-Length: ${head.length}\r\n\r\n${head}`),
    )
    await using fabio = await startFabio({
      routes: [
        `route add svc foo.test/ tcp://127.0.0.1:${echo.port}`,
        `route add svc opt.test/ http://127.0.0.1:${echo.port} opts "proto=tcp"`,
        `route add web / ${web.url}`,
      ].join('\n'),
      addr: '127.0.0.1:0;proto=https+tcp+sni;cs=own;pxyproto=true',
      flags: ['-proxy.cs', `cs=own;type=file;cert=${own.certFile};key=${own.keyFile}`],
    })
    assert.equal(await hello(fabio.port, 'foo.test'), 'foo.test hellobye')
    assert.equal(await hello(fabio.port, 'opt.test'), 'opt.test hellobye')
    for (const servername of ['own.test', 'other.test', '']) {
      const socket = tls.connect({ port: fabio.port, host: '127.0.0.1', servername, rejectUnauthorized: false })
      socket.write('GET / HTTP/1.1\r\nHost: web.test\r\nConnection: close\r\n\r\n')
      let answer = ''
      for await (const piece of socket) answer += String(piece)
      assert.match(answer, /X-Forwarded-Proto: https\r\n/, servername)
    }
    await using plain = await RawClient.connect(fabio.port)
    plain.send('GET / HTTP/1.1\r\nHost: foo.test\r\n\r\n')
    assert.match(await plain.ended(), /^HTTP\/1\.0 400 /)
  })

  test('without a certificate source is refused', async () => {
    await assert.rejects(startFabio({ addr: '127.0.0.1:0;proto=https+tcp+sni' }), /requires cert source/)
  })
})

test('tcp_sni counts connections, failures, and misses', async () => {
  await using authority = await TestAuthority.create()
  await using echo = await startTlsEcho(await authority.issue('foo.test'))
  const [metricsPort = 0] = await findPorts(1)
  await using fabio = await startFabio({
    routes: `route add svc foo.test/ tcp://127.0.0.1:${echo.port}`,
    addr: `127.0.0.1:0;proto=tcp+sni,127.0.0.1:${metricsPort};proto=prometheus`,
    flags: ['-metrics.target', 'prometheus'],
  })
  await hello(fabio.port, 'foo.test')
  await assert.rejects(hello(fabio.port, 'none.test'))
  const { body } = await request(`http://127.0.0.1:${metricsPort}/metrics`)
  const text = await body.text()
  assert.match(text, /tcp_sni_conn 2$/m)
  assert.match(text, /tcp_sni_noroute 1$/m)
})

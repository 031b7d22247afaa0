// HAProxy before the router and behind it, as those who speak the PROXY protocol with each other in production.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import tls from 'node:tls'
import { startHttpUpstream } from '../harness/http-upstream.ts'
import { startRawUpstream } from '../harness/raw-upstream.ts'
import { missingPart, realPart } from '../harness/real-parts.ts'
import { findPorts } from '../harness/spawn-fabio.ts'
import { startFabio } from '../harness/start-fabio.ts'
import { TestAuthority } from '../harness/test-authority.ts'
import { until } from '../harness/until.ts'

const binary = realPart('haproxy')
const skip = binary === undefined && missingPart('haproxy')

/** HAProxy with these sections; resolves when its listeners are open. */
async function startHaproxy(sections: string): Promise<AsyncDisposable> {
  const directory = await mkdtemp(join(tmpdir(), 'haproxy-'))
  const [readyPort = 0] = await findPorts(1)
  const file = join(directory, 'haproxy.cfg')
  const own = `defaults
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend ready
  mode http
  bind 127.0.0.1:${readyPort}
  http-request return status 200
`
  await writeFile(file, own + sections)
  const child = spawn(binary ?? 'haproxy', ['-db', '-q', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = once(child, 'close')
  const said = text(child.stderr)
  const stop = async () => {
    child.kill('SIGKILL')
    await exited
    await rm(directory, { recursive: true })
  }
  try {
    await until('HAProxy listens', async () => {
      if (child.exitCode !== null) throw new Error(`HAProxy ended: ${await said}`)
      return isOpen(readyPort)
    })
  } catch (cause) {
    await stop()
    throw cause
  }
  return { [Symbol.asyncDispose]: stop }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => resolve(true))
    socket.on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })
}

/** Takes connections at `bind` and passes them on to `to`. */
function passOn(name: string, bind: string, to: string): string {
  return `listen ${name}
  mode tcp
  bind ${bind}
  server fabio ${to}
`
}

interface Place {
  /** Where the client connects from. HAProxy connects to the router from 127.0.0.1. */
  readonly from: string
  readonly host: string
  readonly family: 'TCP4' | 'TCP6'
}

const hasIpv6 = Object.values(networkInterfaces()).some(list => list?.some(({ address }) => address === '::1'))
const PLACES: readonly Place[] = [
  { from: '127.0.0.7', host: '127.0.0.1', family: 'TCP4' },
  ...(hasIpv6 ? [{ from: '::1', host: '::1', family: 'TCP6' } as const] : []),
]
const bindsOf = (port: number) =>
  PLACES.map(({ host }) => (host === '::1' ? `[::1]:${port}` : `${host}:${port}`)).join(',')

async function connectFrom({ from, host }: Place, port: number): Promise<Socket> {
  const socket = connect({ port, host, localAddress: from })
  await once(socket, 'connect')
  return socket
}

async function getFrom({ from, host }: Place, port: number): Promise<string> {
  const asked = request({ host, port, localAddress: from, path: '/x', agent: false })
  asked.end()
  const [response] = await once(asked, 'response')
  return text(response)
}

async function getSecurelyFrom(place: Place, port: number, ca: string): Promise<string> {
  const secure = tls.connect({ socket: await connectFrom(place, port), servername: 'localhost', ca })
  secure.write('GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  return text(secure)
}

/** A TLS server whose certificate is for `name`, whatever it is asked for. */
async function startNamed(
  authority: TestAuthority,
  name: string,
): Promise<AsyncDisposable & { readonly port: number }> {
  const { cert, key } = await authority.issue(name)
  const server = tls.createServer({ cert, key }, socket => socket.on('error', () => {}).end())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = () => new Promise<void>(resolve => server.close(() => resolve()))
  return { port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: close }
}

/** For whom the certificate is that a client sees, or `refused`. */
async function nameBehind(port: number, hello: tls.ConnectionOptions): Promise<string> {
  const client = tls.connect({ host: '127.0.0.1', ...hello, port, rejectUnauthorized: false })
  try {
    await once(client, 'secureConnect')
    return String(client.getPeerCertificate().subject.CN)
  } catch {
    return 'refused'
  } finally {
    client.destroy()
  }
}

describe('HAProxy', { skip }, () => {
  for (const [version, sends] of [
    ['version 1', 'send-proxy'],
    ['version 2', 'send-proxy-v2'],
  ] as const) {
    test(`before http and https listeners, says by PROXY ${version} who the client is`, async () => {
      await using authority = await TestAuthority.create()
      const { certFile, keyFile } = await authority.issue('localhost')
      await using upstream = await startHttpUpstream(({ head, send }) =>
        send(`HTTP/1.1 200 OK\r\nContent-Length: ${head.length}\r\n\r\n${head}`),
      )
      await using fabio = await startFabio({
        routes: `route add svc / ${upstream.url}`,
        addr: '127.0.0.1:0;pxyproto=true,127.0.0.1:0;cs=edge;pxyproto=true',
        flags: ['-proxy.cs', `cs=edge;type=file;cert=${certFile};key=${keyFile}`],
      })
      const [plain, secure] = fabio.ports
      const [plainFront = 0, secureFront = 0] = await findPorts(2)
      await using haproxy = await startHaproxy(
        passOn('plain', bindsOf(plainFront), `127.0.0.1:${plain} ${sends}`) +
          passOn('secure', bindsOf(secureFront), `127.0.0.1:${secure} ${sends}`),
      )
      void haproxy
      for (const place of PLACES) {
        const forwardedFor = new RegExp(`^X-Forwarded-For: ${place.from}\r$`, 'm')
        assert.match(await getFrom(place, plainFront), forwardedFor)
        assert.match(await getSecurelyFrom(place, secureFront, authority.ca), forwardedFor)
      }
    })

    test(`before a tcp listener, says by PROXY ${version} who the client is, and the target is told so`, async () => {
      await using upstream = await startRawUpstream(({ socket }, piece) => {
        if (piece.endsWith('hello')) socket.end('bye')
      })
      const [port = 0, front = 0] = await findPorts(2)
      await using fabio = await startFabio({
        routes: `route add svc :${port} tcp://127.0.0.1:${upstream.port} opts "pxyproto=true"`,
        addr: `127.0.0.1:${port};proto=tcp;pxyproto=true`,
      })
      void fabio
      await using haproxy = await startHaproxy(passOn('tcp', bindsOf(front), `127.0.0.1:${port} ${sends}`))
      void haproxy
      for (const [i, place] of PLACES.entries()) {
        const client = await connectFrom(place, front)
        const { port: clientPort } = client.address() as AddressInfo
        client.write('hello')
        assert.equal(await text(client), 'bye')
        const line = `PROXY ${place.family} ${place.from} ${place.host} ${clientPort} ${front}\r\n`
        assert.equal(upstream.connections[i]?.received, `${line}hello`)
      }
    })
  }

  test('its own health checks by PROXY version 2 (LOCAL) are of nobody but itself', async () => {
    await using upstream = await startHttpUpstream(({ send }) => send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
    await using fabio = await startFabio({
      routes: `route add svc / ${upstream.url}`,
      addr: '127.0.0.1:0;pxyproto=true',
    })
    const [front = 0] = await findPorts(1)
    const server = `127.0.0.1:${fabio.port} send-proxy-v2 check inter 100ms\n  option httpchk GET /checked`
    await using haproxy = await startHaproxy(passOn('checked', `127.0.0.1:${front}`, server))
    void haproxy
    await until('a check has come', () => upstream.requests.some(({ target }) => target === '/checked'))
    assert.equal(upstream.requests[0]?.header('x-forwarded-for'), '127.0.0.1')
  })

  test('and tcp+sni take the same server names to the same targets', async () => {
    await using authority = await TestAuthority.create()
    await using one = await startNamed(authority, 'one.test')
    await using two = await startNamed(authority, 'two.test')
    const [front = 0] = await findPorts(1)
    const backend = (name: string, port: number) => `backend ${name}\n  mode tcp\n  server only 127.0.0.1:${port}\n`
    await using haproxy = await startHaproxy(`frontend names
  mode tcp
  bind 127.0.0.1:${front}
  tcp-request inspect-delay 5s
  tcp-request content accept if { req.ssl_hello_type 1 }
  use_backend one if { req.ssl_sni -i one.test }
  use_backend two if { req.ssl_sni -i two.test }
${backend('one', one.port)}${backend('two', two.port)}`)
    void haproxy
    await using fabio = await startFabio({
      routes: `route add one one.test/ tcp://127.0.0.1:${one.port}\nroute add two two.test/ tcp://127.0.0.1:${two.port}`,
      addr: '127.0.0.1:0;proto=tcp+sni',
    })
    // A ClientHello of more than one segment, and nearly all that a record may hold.
    const manyProtocols = Array.from({ length: 300 }, (_, i) => `a-protocol-with-a-long-name-${i}`)
    const hellos: readonly [tls.ConnectionOptions, string][] = [
      [{ servername: 'one.test' }, 'one.test'],
      [{ servername: 'TWO.test' }, 'two.test'],
      [{ servername: 'one.test', maxVersion: 'TLSv1.2' }, 'one.test'],
      [{ servername: 'two.test', ALPNProtocols: manyProtocols }, 'two.test'],
      [{ servername: 'three.test' }, 'refused'],
      [{ servername: 'one.test.other.test' }, 'refused'],
      [{ host: '127.0.0.1' }, 'refused'],
    ]
    for (const [hello, expected] of hellos) {
      const asked = String(hello.servername ?? 'no name')
      assert.equal(await nameBehind(front, hello), expected, `HAProxy, ${asked}`)
      assert.equal(await nameBehind(fabio.port, hello), expected, `tcp+sni, ${asked}`)
    }
  })

  for (const [version, opts] of [
    ['version 1', 'pxyproto=true'],
    ['version 2', 'pxyproto=v2'],
  ] as const) {
    test(`behind the router, learns by PROXY ${version} who the client is`, async () => {
      const [port = 0, behind = 0] = await findPorts(2)
      await using haproxy = await startHaproxy(`frontend behind
  mode http
  bind 127.0.0.1:${behind} accept-proxy
  http-request return status 200 content-type text/plain lf-string "%[src] %[src_port] %[dst] %[dst_port]"
`)
      void haproxy
      await using fabio = await startFabio({
        routes: `route add svc :${port} tcp://127.0.0.1:${behind} opts "${opts}"`,
        addr: PLACES.map(({ host }) => `${host === '::1' ? '[::1]' : host}:${port};proto=tcp`).join(','),
      })
      void fabio
      for (const place of PLACES) {
        const client = await connectFrom(place, port)
        const { port: clientPort } = client.address() as AddressInfo
        client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
        assert.ok((await text(client)).endsWith(`\r\n\r\n${place.from} ${clientPort} ${place.host} ${port}`))
      }
    })
  }
})

// nginx before the router, telling TLS connections apart by their server names (ssl_preread), and behind it.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import tls from 'node:tls'
import { startHttpUpstream } from '../harness/http-upstream.ts'
import { startRawUpstream } from '../harness/raw-upstream.ts'
import { nginxStreamModule, realPart } from '../harness/real-parts.ts'
import { findPorts } from '../harness/spawn-fabio.ts'
import { startFabio } from '../harness/start-fabio.ts'
import { type IssuedPair, TestAuthority } from '../harness/test-authority.ts'
import { until } from '../harness/until.ts'

const binary = realPart('nginx')
const streamModule = nginxStreamModule()
const skip = (binary === undefined || streamModule === undefined) && 'there is no nginx with its stream module'

/** nginx with these sections; resolves when this port takes connections. */
async function startNginx(port: number, sections: string): Promise<AsyncDisposable> {
  const directory = await mkdtemp(join(tmpdir(), 'nginx-'))
  const file = join(directory, 'nginx.conf')
  const own = `load_module ${streamModule};
daemon off; master_process off; pid ${directory}/pid; error_log stderr emerg;
events {}
`
  await writeFile(file, own + sections.replaceAll('@TEMP@', temporaries(directory)))
  const child = spawn(binary ?? 'nginx', ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = once(child, 'close')
  const said = text(child.stderr)
  const stop = async () => {
    child.kill('SIGTERM')
    await exited
    await rm(directory, { recursive: true })
  }
  try {
    await until('nginx listens', async () => {
      if (child.exitCode !== null) throw new Error(`nginx ended: ${await said}`)
      return isOpen(port)
    })
  } catch (cause) {
    await stop()
    throw cause
  }
  return { [Symbol.asyncDispose]: stop }
}

function temporaries(directory: string): string {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return kinds.map(kind => `${kind}_temp_path ${directory}/${kind};`).join(' ')
}

function isOpen(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

/** Server names in front of the router: `*.test` goes to it, with a PROXY header; all others are refused. */
function preread(front: number, behind: number): string {
  return `stream {
  map $ssl_preread_server_name $pool { hostnames; *.test 127.0.0.1:${behind}; }
  server { listen 127.0.0.1:${front}; ssl_preread on; proxy_protocol on; proxy_pass $pool; }
}
`
}

/** A TLS server behind a PROXY header, which says whose certificate it shows and who was named in the header. */
function namedServer(port: number, pair: IssuedPair): string {
  return `http {
  @TEMP@ access_log off;
  server {
    listen 127.0.0.1:${port} ssl proxy_protocol; ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate ${pair.certFile}; ssl_certificate_key ${pair.keyFile};
    location / { return 200 "$ssl_server_name $proxy_protocol_addr $proxy_protocol_port"; }
  }
}
`
}

interface Asked {
  readonly port: number
  readonly servername: string
  readonly ca: string
  readonly from?: string
}

/** The answer to a request over TLS, and the port it was asked from. */
async function ask({ port, servername, ca, from = '127.0.0.1' }: Asked): Promise<{ answer: string; fromPort: number }> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from })
  await once(socket, 'connect')
  const { port: fromPort } = socket.address() as AddressInfo
  const secure = tls.connect({ socket, servername, ca })
  secure.write(`GET / HTTP/1.1\r\nHost: ${servername}\r\nConnection: close\r\n\r\n`)
  return { answer: await text(secure), fromPort }
}

describe('nginx with ssl_preread', { skip }, () => {
  test('before tcp+sni: the target is told by PROXY who the client is, and names that neither knows are refused', async () => {
    await using authority = await TestAuthority.create()
    const { cert, key } = await authority.issue('one.test')
    await using upstream = await startRawUpstream(() => {})
    const [front = 0] = await findPorts(1)
    await using fabio = await startFabio({
      routes: `route add one one.test/ tcp://127.0.0.1:${upstream.port} opts "pxyproto=true"`,
      addr: '127.0.0.1:0;proto=tcp+sni;pxyproto=true',
    })
    await using nginx = await startNginx(front, preread(front, fabio.port))
    void nginx
    const socket = connect({ port: front, host: '127.0.0.1', localAddress: '127.0.0.9' })
    await once(socket, 'connect')
    const { port: fromPort } = socket.address() as AddressInfo
    const secure = tls.connect({ socket, servername: 'One.test', ca: authority.ca, cert, key })
    secure.on('error', () => {})
    await until(
      'the ClientHello has arrived',
      () => upstream.received().includes('one.test') || upstream.received().includes('One.test'),
    )
    const line = `PROXY TCP4 127.0.0.9 127.0.0.1 ${fromPort} ${front}\r\n`
    assert.ok(upstream.received().startsWith(line), upstream.received().slice(0, 80))
    secure.destroy()
    for (const servername of ['two.test', 'one.example']) {
      const { answer } = await ask({ port: front, servername, ca: authority.ca }).catch(() => ({ answer: '' }))
      assert.equal(answer, '', servername)
    }
  })

  test('before https+tcp+sni: both kinds of traffic are of the client that the header names', async () => {
    await using authority = await TestAuthority.create()
    const passed = await authority.issue('passed.test')
    const own = await authority.issue('own.test')
    await using upstream = await startHttpUpstream(({ head, send }) =>
      send(`HTTP/1.1 200 OK\r\nContent-Length: ${head.length}\r\n\r\n${head}`),
    )
    const [front = 0, behind = 0] = await findPorts(2)
    await using fabio = await startFabio({
      routes: `route add passed passed.test/ tcp://127.0.0.1:${behind} opts "pxyproto=true"
route add own own.test/ ${upstream.url}`,
      addr: '127.0.0.1:0;proto=https+tcp+sni;cs=own;pxyproto=true',
      flags: ['-proxy.cs', `cs=own;type=file;cert=${own.certFile};key=${own.keyFile}`],
    })
    await using before = await startNginx(front, preread(front, fabio.port))
    await using after = await startNginx(behind, namedServer(behind, passed))
    void before
    void after
    const asked = { port: front, ca: authority.ca, from: '127.0.0.9' }
    const through = await ask({ ...asked, servername: 'passed.test' })
    assert.ok(through.answer.endsWith(`\r\n\r\npassed.test 127.0.0.9 ${through.fromPort}`), through.answer)
    const ended = await ask({ ...asked, servername: 'own.test' })
    assert.match(ended.answer, /^X-Forwarded-For: 127\.0\.0\.9\r$/m)
  })

  for (const [version, opts] of [
    ['version 1', 'pxyproto=true'],
    ['version 2', 'pxyproto=v2'],
  ] as const) {
    test(`behind tcp+sni: learns by PROXY ${version} who the client is`, async () => {
      await using authority = await TestAuthority.create()
      const [behind = 0] = await findPorts(1)
      await using nginx = await startNginx(behind, namedServer(behind, await authority.issue('one.test')))
      void nginx
      await using fabio = await startFabio({
        routes: `route add one one.test/ tcp://127.0.0.1:${behind} opts "${opts}"`,
        addr: '127.0.0.1:0;proto=tcp+sni',
      })
      const asked = { port: fabio.port, servername: 'one.test', ca: authority.ca, from: '127.0.0.9' }
      const { answer, fromPort } = await ask(asked)
      assert.ok(answer.endsWith(`\r\n\r\none.test 127.0.0.9 ${fromPort}`), answer)
    })
  }
})

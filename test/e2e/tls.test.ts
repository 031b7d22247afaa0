import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectPlain } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import tls from 'node:tls'
import { both, put } from '../cert/follow-source.ts'
import { startHttpUpstream } from '../harness/http-upstream.ts'
import { RawClient } from '../harness/raw-client.ts'
import { startRawUpstream } from '../harness/raw-upstream.ts'
import { runClient } from '../harness/run-client.ts'
import { findPorts } from '../harness/spawn-fabio.ts'
import { startFabio } from '../harness/start-fabio.ts'
import { TestAuthority } from '../harness/test-authority.ts'
import { until } from '../harness/until.ts'
import { startVaultDouble } from '../harness/vault-double.ts'

const echoHead = (): ReturnType<typeof startHttpUpstream> =>
  startHttpUpstream(({ head, send }) => send(`HTTP/1.1 200 OK\r\nContent-Length: ${head.length}\r\n\r\n${head}`))

/** curl to `localhost`, whatever address that would be. */
function curl(port: number, authority: TestAuthority, ...args: string[]): ReturnType<typeof runClient> {
  const to = ['--resolve', `localhost:${port}:127.0.0.1`, '--cacert', authority.caFile, '--max-time', '10']
  return runClient('curl', ['-sS', ...to, ...args, `https://localhost:${port}/x`])
}

test('an https listener tells the upstream what the client and its TLS were', async () => {
  await using authority = await TestAuthority.create()
  const { certFile, keyFile } = await authority.issue('localhost')
  await using upstream = await echoHead()
  await using fabio = await startFabio({
    routes: `route add svc / ${upstream.url}`,
    addr: '127.0.0.1:0;cs=edge',
    flags: [
      ...['-proxy.cs', `cs=edge;type=file;cert=${certFile};key=${keyFile}`],
      ...['-proxy.header.tls', 'X-Tls', '-proxy.header.tls.value', 'yes'],
      ...['-proxy.localip', '10.1.1.1', '-proxy.header.sts.maxage', '60'],
    ],
  })
  const modern = await curl(fabio.port, authority, '-i', '--http1.1', '-H', 'X-Tls: no')
  assert.equal(modern.code, 0, modern.stderr)
  assert.match(modern.stdout, /^Strict-Transport-Security: max-age=60\r$/m)
  assert.match(modern.stdout, /^X-Tls: yes\r$/m)
  assert.match(modern.stdout, /^X-Forwarded-Proto: https\r$/m)
  assert.match(modern.stdout, new RegExp(`^X-Forwarded-Port: ${fabio.port}\r$`, 'm'))
  const forwarded = 'for=127.0.0.1; proto=https; by=10.1.1.1; httpproto=http/1.1; tlsver=tls13; tlscipher=0x1301'
  assert.ok(modern.stdout.includes(`\r\nForwarded: ${forwarded}\r\n`), modern.stdout)

  const suite = ['--tls-max', '1.2', '--ciphers', 'ECDHE-ECDSA-AES256-GCM-SHA384']
  const older = await curl(fabio.port, authority, ...suite)
  assert.match(older.stdout, /tlsver=tls12; tlscipher=0xc02c\r\n/)
})

test('bodies of any size pass both ways over TLS', async () => {
  await using authority = await TestAuthority.create()
  const { certFile, keyFile } = await authority.issue('localhost')
  await using upstream = await startHttpUpstream(({ body, send }) =>
    send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
  )
  await using fabio = await startFabio({
    routes: `route add svc / ${upstream.url}`,
    addr: '127.0.0.1:0;cs=edge',
    flags: ['-proxy.cs', `cs=edge;type=file;cert=${certFile};key=${keyFile}`],
  })
  const agent = tls.connect({ port: fabio.port, host: '127.0.0.1', servername: 'localhost', ca: authority.ca })
  await once(agent, 'secureConnect')
  const body = Buffer.alloc(3_000_000, 'abcdefghijk')
  agent.write(`POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`)
  agent.write(body)
  const pieces: Buffer[] = []
  for await (const piece of agent) pieces.push(piece as Buffer)
  const answer = Buffer.concat(pieces)
  assert.ok(answer.subarray(answer.indexOf('\r\n\r\n') + 4).equals(body))
})

test('tlsmin, tlsmax and tlsciphers are what clients get', async () => {
  await using authority = await TestAuthority.create()
  const { certFile, keyFile } = await authority.issue('localhost', { rsa: true })
  await using upstream = await echoHead()
  const only = 'tlsciphers="TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,0xc02f";tlsmax=tls12'
  await using fabio = await startFabio({
    routes: `route add svc / ${upstream.url}`,
    addr: ['', ';tlsmin=tls13', ';tlsmin=tls10', `;${only}`].map(rest => `127.0.0.1:0;cs=edge${rest}`).join(','),
    flags: ['-proxy.cs', `cs=edge;type=file;cert=${certFile};key=${keyFile}`],
  })
  const [usual = 0, newest = 0, oldest = 0, chosen = 0] = fabio.ports
  const seclevel = (name: string): string[] => ['--ciphers', `${name}@SECLEVEL=0`]
  const cases: [string, number, string[], RegExp | undefined][] = [
    ['TLS 1.1 by default', usual, ['--tlsv1.0', '--tls-max', '1.1', ...seclevel('DEFAULT')], undefined],
    ['TLS 1.2 by default', usual, ['--tls-max', '1.2'], /tlsver=tls12/],
    ['TLS 1.2 with tlsmin=tls13', newest, ['--tls-max', '1.2'], undefined],
    ['TLS 1.3 with tlsmin=tls13', newest, [], /tlsver=tls13/],
    ['TLS 1.0 with tlsmin=tls10', oldest, ['--tlsv1.0', '--tls-max', '1.0', ...seclevel('DEFAULT')], /tlsver=tls10/],
    ['TLS 1.3 with tlsmax=tls12', chosen, ['--tlsv1.3'], undefined],
    ['a suite that is named', chosen, seclevel('ECDHE-RSA-AES128-SHA'), /tlscipher=0xc013/],
    ['a suite by number', chosen, ['--ciphers', 'ECDHE-RSA-AES128-GCM-SHA256'], /tlscipher=0xc02f/],
    ['the best of those that are named, not the first', chosen, seclevel('ALL'), /tlscipher=0xc02f/],
    ['a suite that is not named', chosen, ['--ciphers', 'ECDHE-RSA-AES256-GCM-SHA384'], undefined],
  ]
  for (const [what, port, args, expected] of cases) {
    const { code, stdout } = await curl(port, authority, ...args)
    if (expected === undefined) assert.notEqual(code, 0, what)
    else assert.match(stdout, expected, what)
  }
})

test('with clientca only clients with a certificate of that authority come in', async () => {
  await using authority = await TestAuthority.create()
  await using clients = await TestAuthority.create('Clients')
  const { certFile, keyFile } = await authority.issue('localhost')
  const known = await clients.issue('somebody')
  const stranger = await authority.issue('stranger')
  await using upstream = await echoHead()
  await using fabio = await startFabio({
    routes: `route add svc / ${upstream.url}`,
    addr: '127.0.0.1:0;cs=edge',
    flags: ['-proxy.cs', `cs=edge;type=file;cert=${certFile};key=${keyFile};clientca=${clients.caFile}`],
  })
  for (const version of ['1.2', '1.3']) {
    const limit = ['--tls-max', version]
    const welcome = await curl(fabio.port, authority, ...limit, '--cert', known.certFile, '--key', known.keyFile)
    assert.match(welcome.stdout, /Forwarded: /, welcome.stderr)
    const other = await curl(fabio.port, authority, ...limit, '--cert', stranger.certFile, '--key', stranger.keyFile)
    assert.notEqual(other.code, 0)
    const nobody = await curl(fabio.port, authority, ...limit)
    assert.notEqual(nobody.code, 0)
  }
  assert.equal(upstream.requests.length, 2)
})

test('a file of client authorities without a certificate, or missing, ends the start', async () => {
  await using authority = await TestAuthority.create()
  const { certFile, keyFile } = await authority.issue('localhost')
  for (const clientCa of [keyFile, `${authority.directory}/none.pem`]) {
    await assert.rejects(
      startFabio({
        addr: '127.0.0.1:0;cs=edge',
        flags: ['-proxy.cs', `cs=edge;type=file;cert=${certFile};key=${keyFile};clientca=${clientCa}`],
      }),
      new RegExp(`cert: Error loading certificate.*${clientCa}`),
    )
  }
})

test('a name with strictmatch, and none of its own, is refused by alert 112', async () => {
  await using authority = await TestAuthority.create()
  const { certFile, keyFile } = await authority.issue('localhost')
  await using fabio = await startFabio({
    addr: '127.0.0.1:0;cs=edge;strictmatch=true',
    flags: ['-proxy.cs', `cs=edge;type=file;cert=${certFile};key=${keyFile}`],
  })
  const connect = (name: string): ReturnType<typeof runClient> =>
    runClient('openssl', [
      's_client',
      '-connect',
      `127.0.0.1:${fabio.port}`,
      ...(name === '' ? ['-noservername'] : ['-servername', name]),
    ])
  assert.match((await connect('LOCALHOST')).stdout, /subject=CN = localhost/)
  assert.match((await connect('other.test')).stderr, /alert unrecognized name|alert number 112/)
  assert.match((await connect('')).stderr, /alert/)
})

test('a session is resumed on every worker, and a plain HTTP request is told what it did wrong', async () => {
  await using authority = await TestAuthority.create()
  const { certFile, keyFile } = await authority.issue('localhost')
  await using upstream = await echoHead()
  await using fabio = await startFabio({
    routes: `route add svc / ${upstream.url}`,
    addr: '127.0.0.1:0;cs=edge',
    flags: ['-proxy.cs', `cs=edge;type=file;cert=${certFile};key=${keyFile}`],
  })
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const options = { port: fabio.port, host: '127.0.0.1', servername: 'localhost', ca: authority.ca, maxVersion }
    const first = tls.connect(options)
    const session = await new Promise<Buffer>(resolve => first.once('session', resolve))
    first.destroy()
    for (let i = 0; i < 10; i++) {
      const again = tls.connect({ ...options, session })
      await once(again, 'secureConnect')
      assert.ok(again.isSessionReused(), `${maxVersion}, connection ${i}`)
      again.destroy()
    }
  }
  await using plain = await RawClient.connect(fabio.port)
  plain.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.equal(await plain.ended(), 'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n')
})

test('a PROXY header comes before the handshake, in one piece with it or not', async () => {
  await using authority = await TestAuthority.create()
  const { certFile, keyFile } = await authority.issue('localhost')
  await using upstream = await echoHead()
  await using fabio = await startFabio({
    routes: `route add svc / ${upstream.url}`,
    addr: '127.0.0.1:0;cs=edge;pxyproto=true',
    flags: ['-proxy.cs', `cs=edge;type=file;cert=${certFile};key=${keyFile}`],
  })
  for (const header of ['PROXY TCP4 192.0.2.9 10.0.0.1 4711 443\r\n', '']) {
    const raw = connectPlain(fabio.port, '127.0.0.1')
    await once(raw, 'connect')
    raw.cork()
    raw.write(header)
    const secure = tls.connect({ socket: raw, servername: 'localhost', ca: authority.ca })
    process.nextTick(() => raw.uncork())
    secure.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    let answer = ''
    for await (const piece of secure) answer += String(piece)
    assert.match(answer, header === '' ? /for=127\.0\.0\.1;/ : /for=192\.0\.2\.9;/)
  }
})

test('a tcp listener with a certificate passes on what it decrypts, and offers no protocol', async () => {
  await using authority = await TestAuthority.create()
  const { certFile, keyFile } = await authority.issue('localhost')
  await using upstream = await startRawUpstream(({ socket }, piece) => socket.write(piece.toUpperCase()))
  const [port = 0] = await findPorts(1)
  await using fabio = await startFabio({
    routes: `route add svc :${port} tcp://127.0.0.1:${upstream.port}`,
    addr: `127.0.0.1:${port};cs=edge;proto=tcp`,
    flags: ['-proxy.cs', `cs=edge;type=file;cert=${certFile};key=${keyFile}`],
  })
  void fabio
  const options = { port, host: '127.0.0.1', servername: 'localhost', ca: authority.ca }
  const client = tls.connect({ ...options, ALPNProtocols: ['mqtt'] })
  await once(client, 'secureConnect')
  client.write('hello')
  const [answer] = await once(client, 'data')
  assert.equal(String(answer), 'HELLO')
  assert.equal(client.alpnProtocol, false)
  client.destroy()
  // Not a word of HTTP where none is spoken.
  await using plain = await RawClient.connect(port)
  plain.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.equal(await plain.ended(), '')
})

test('certificates of a directory are chosen by name, changed while it runs, and shown to operators', async () => {
  await using authority = await TestAuthority.create()
  const directory = join(authority.directory, 'certs')
  const [first, wild, exact] = await Promise.all([
    authority.issue('a.test'),
    authority.issue('*.b.test'),
    authority.issue('x.b.test'),
  ])
  await put(directory, '1.pem', both(first))
  await put(directory, '2.pem', both(wild))
  await using fabio = await startFabio({
    addr: '127.0.0.1:0;cs=dir,127.0.0.1:0;cs=dir;strictmatch=true',
    flags: ['-proxy.cs', `cs=dir;type=path;cert=${directory};refresh=1s`],
  })
  const [lenient = 0, strict = 0] = fabio.ports
  const names = ['a.test', 'A.TEST', 'y.b.test', 'x.b.test', 'deep.y.b.test', 'other.test', '']
  const shown = async (port: number): Promise<string[]> => Promise.all(names.map(name => certificateFor(port, name)))
  assert.deepEqual(await shown(lenient), ['a.test', 'a.test', '*.b.test', '*.b.test', 'a.test', 'a.test', 'a.test'])
  assert.deepEqual(await shown(strict), ['a.test', 'a.test', '*.b.test', '*.b.test', 'none', 'none', 'none'])
  await put(directory, '3.pem', both(exact))
  await until('the new one is shown', async () => (await certificateFor(strict, 'x.b.test')) === 'x.b.test')
  const response = await fetch(`${fabio.uiUrl}/api/certs`)
  const [source] = (await response.json()) as { certificates: { serverNames: string[]; notAfter: string }[] }[]
  assert.deepEqual(
    source?.certificates.map(({ serverNames }) => serverNames),
    [['a.test'], ['*.b.test'], ['x.b.test']],
  )
  assert.ok(Date.parse(source?.certificates[0]?.notAfter ?? '') > Date.now())
})

test('vault-pki makes the certificate a client waits for', async () => {
  await using authority = await TestAuthority.create()
  await using vault = await startVaultDouble(authority)
  vault.tokens.set('t', 0)
  await using fabio = await startFabio({
    addr: '127.0.0.1:0;cs=pki',
    flags: ['-proxy.cs', 'cs=pki;type=vault-pki;cert=pki/issue/web'],
    env: { VAULT_ADDR: vault.url, VAULT_TOKEN: 't' },
  })
  const names = ['a.test', 'a.test', 'b.test', 'bad.example', '']
  const shown = await Promise.all(names.map(name => certificateFor(fabio.port, name)))
  assert.deepEqual(shown, ['a.test', 'a.test', 'b.test', 'none', 'none'])
  assert.equal(vault.requests.filter(text => text === 'PUT pki/issue/web').length, 3)
})

/** The common name of the certificate a client is shown, `none` when it is refused. */
async function certificateFor(port: number, servername: string): Promise<string> {
  const socket = tls.connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false })
  try {
    await once(socket, 'secureConnect')
    return String(socket.getPeerCertificate().subject.CN)
  } catch {
    return 'none'
  } finally {
    socket.destroy()
  }
}

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import tls from 'node:tls'
import { both, put } from '../cert/follow-source.ts'
import { RawClient } from '../harness/raw-client.ts'
import { runClient } from '../harness/run-client.ts'
import { findPorts, spawnFabio } from '../harness/spawn-fabio.ts'
import { startFabio } from '../harness/start-fabio.ts'
import { TestAuthority } from '../harness/test-authority.ts'
import { until } from '../harness/until.ts'

/** curl to `localhost`, whatever address that would be. */
function curl(port: number, path: string, args: readonly string[]): ReturnType<typeof runClient> {
  const to = ['--resolve', `localhost:${port}:127.0.0.1`, '--max-time', '10', '--http1.1']
  return runClient('curl', ['-sS', ...to, ...args, `https://localhost:${port}${path}`])
}

test('the UI and its API are served over TLS where ui.addr has a cs, with the listener’s versions', async () => {
  await using authority = await TestAuthority.create()
  const { certFile, keyFile } = await authority.issue('localhost')
  const listen = ['-ui.addr', '127.0.0.1:0;cs=edge;tlsmin=tls13']
  await using fabio = await startFabio({
    routes: 'route add svc / http://127.0.0.1:1',
    flags: [...listen, '-proxy.cs', `cs=edge;type=file;cert=${certFile};key=${keyFile}`],
  })
  const port = fabio.app.adminPort ?? 0
  const known = ['--cacert', authority.caFile]
  assert.equal((await curl(port, '/health', known)).stdout, 'OK\n')
  assert.match((await curl(port, '/api/routes?raw', known)).stdout, /^route add svc \//)
  assert.notEqual((await curl(port, '/health', [...known, '--tls-max', '1.2'])).code, 0)
  await using plain = await RawClient.connect(port)
  plain.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.equal(await plain.ended(), 'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n')
  // Neither an event stream nor a handshake that never ends keeps the router from stopping.
  const silent = connect(port, '127.0.0.1')
  await once(silent, 'connect')
  silent.on('error', () => {})
  const events = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca: authority.ca })
  events.on('error', () => {})
  events.write('GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const [head] = await once(events, 'data')
  assert.match(String(head), /^HTTP\/1\.1 200 OK\r\n/)
})

test('the certificate of ui.addr is chosen by name and followed', async () => {
  await using authority = await TestAuthority.create()
  const directory = join(authority.directory, 'certs')
  const [first, other] = await Promise.all([authority.issue('a.test'), authority.issue('b.test')])
  await put(directory, '1.pem', both(first))
  const flags = ['-ui.addr', '127.0.0.1:0;cs=dir', '-proxy.cs', `cs=dir;type=path;cert=${directory};refresh=1s`]
  await using fabio = await startFabio({ flags })
  const port = fabio.app.adminPort ?? 0
  const shown = async (servername: string): Promise<string> => {
    const client = tls.connect({
      port,
      host: '127.0.0.1',
      servername,
      ca: authority.ca,
      checkServerIdentity: () => undefined,
    })
    await once(client, 'secureConnect')
    const { CN } = client.getPeerCertificate().subject
    client.destroy()
    return String(CN)
  }
  assert.equal(await shown('b.test'), 'a.test')
  await put(directory, '2.pem', both(other))
  await until('the new one is shown', async () => (await shown('b.test')) === 'b.test')
  assert.equal(await shown('a.test'), 'a.test')
})

test('with clientca only those with a certificate of that authority see the UI', async () => {
  await using authority = await TestAuthority.create()
  await using clients = await TestAuthority.create('Clients')
  const { certFile, keyFile } = await authority.issue('localhost')
  const operator = await clients.issue('operator')
  const stranger = await authority.issue('stranger')
  const source = `cs=edge;type=file;cert=${certFile};key=${keyFile};clientca=${clients.caFile}`
  await using fabio = await startFabio({ flags: ['-ui.addr', '127.0.0.1:0;cs=edge', '-proxy.cs', source] })
  const port = fabio.app.adminPort ?? 0
  const ask = (...args: string[]) => curl(port, '/health', ['--cacert', authority.caFile, ...args])
  for (const version of ['1.2', '1.3']) {
    const limit = ['--tls-max', version]
    assert.equal((await ask(...limit, '--cert', operator.certFile, '--key', operator.keyFile)).stdout, 'OK\n')
    assert.notEqual((await ask(...limit, '--cert', stranger.certFile, '--key', stranger.keyFile)).code, 0)
    assert.notEqual((await ask(...limit)).code, 0)
  }
})

test('metrics are scraped over TLS where their listener has a cs', async () => {
  await using authority = await TestAuthority.create()
  const { certFile, keyFile } = await authority.issue('localhost')
  const [port = 0] = await findPorts(1)
  await using fabio = await startFabio({
    addr: `127.0.0.1:${port};proto=prometheus;cs=edge`,
    flags: ['-metrics.target', 'prometheus', '-proxy.cs', `cs=edge;type=file;cert=${certFile};key=${keyFile}`],
  })
  void fabio
  const scraped = await curl(port, '/metrics', ['--cacert', authority.caFile])
  assert.match(scraped.stdout, /^process_cpu_seconds_total /m)
  assert.match(scraped.stdout, /^fabio_certificate_.*localhost|^fabio_cert/m)
  const silent = connect(port, '127.0.0.1')
  await once(silent, 'connect')
  silent.on('error', () => {})
})

test('-healthcheck asks over https where the UI is, whatever name its certificate is for', async () => {
  await using authority = await TestAuthority.create()
  const { certFile, keyFile } = await authority.issue('ui.example.test', { names: ['ui.example.test'] })
  const [port = 0, proxyPort = 0] = await findPorts(2)
  const flags = [
    ...['-ui.addr', `:${port};cs=edge`, '-proxy.addr', `127.0.0.1:${proxyPort}`, '-registry.backend', 'static'],
    ...['-proxy.cs', `cs=edge;type=file;cert=${certFile};key=${keyFile}`],
  ]
  const ask = () => runClient(join(import.meta.dirname, '../../fabio'), ['-healthcheck', ...flags])
  assert.equal((await ask()).code, 1)
  await using fabio = await spawnFabio(flags, { ports: [port, proxyPort] })
  void fabio
  assert.equal((await ask()).code, 0)
})

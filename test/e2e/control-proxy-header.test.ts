// PROXY headers before the listeners of the control plane: the UI and the metrics.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import tls from 'node:tls'
import { loadConfig } from '../../src/config/load.ts'
import { announcedServer } from '../../src/listener/announced-server.ts'
import { silentLog } from '../dev/silent-log.ts'
import { RawClient } from '../harness/raw-client.ts'
import { findPorts } from '../harness/spawn-fabio.ts'
import { startFabio } from '../harness/start-fabio.ts'
import { TestAuthority } from '../harness/test-authority.ts'
import { v2Header } from '../wire/v2-header.ts'

const V1 = 'PROXY TCP4 203.0.113.7 198.51.100.1 5000 443\r\n'
const V2 = v2Header({ client: { address: '2001:db8::7', port: 1 }, server: { address: '2001:db8::1', port: 2 } })
const GET = 'GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'

for (const { name, header } of [
  { name: 'of version 1', header: V1 },
  { name: 'of version 2', header: V2.toString('latin1') },
  { name: 'that is missing', header: '' },
]) {
  test(`a header ${name} before the UI is read`, async () => {
    await using fabio = await startFabio({ flags: ['-ui.addr', '127.0.0.1:0;pxyproto=true'] })
    await using client = await RawClient.connect(fabio.app.adminPort ?? 0)
    client.send(header + GET)
    const answer = await client.ended()
    assert.ok(answer.startsWith('HTTP/1.1 200 OK\r\n') && answer.endsWith('OK\n'), answer)
  })
}

test('a header that comes byte by byte is read, a broken one ends the connection, and silence is none', async () => {
  await using fabio = await startFabio({ flags: ['-ui.addr', '127.0.0.1:0;pxyproto=true;pxytimeout=50ms'] })
  const port = fabio.app.adminPort ?? 0
  await using slow = await RawClient.connect(port)
  for (const byte of V1) {
    slow.send(byte)
    await new Promise(resolve => setImmediate(resolve))
  }
  slow.send(GET)
  assert.match(await slow.ended(), /^HTTP\/1\.1 200 /)
  await using broken = await RawClient.connect(port)
  broken.send(`PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n${GET}`)
  assert.equal(await broken.ended(), '')
  await using silent = await RawClient.connect(port)
  await new Promise(resolve => setTimeout(resolve, 80))
  silent.send(GET)
  assert.match(await silent.ended(), /^HTTP\/1\.1 200 /)
})

test('a header of somebody who is not trusted ends the connection', async () => {
  const flags = ['-ui.addr', '127.0.0.1:0;pxyproto=true', '-proxy.trustedproxies', '10.0.0.0/8']
  await using fabio = await startFabio({ flags })
  await using client = await RawClient.connect(fabio.app.adminPort ?? 0)
  client.send(V1 + GET)
  assert.equal(await client.ended(), '')
  await using plain = await RawClient.connect(fabio.app.adminPort ?? 0)
  plain.send(GET)
  assert.match(await plain.ended(), /^HTTP\/1\.1 200 /)
})

test('the metrics are scraped behind a header and TLS', async () => {
  await using authority = await TestAuthority.create()
  const { certFile, keyFile } = await authority.issue('localhost')
  const edge = `cs=edge;type=file;cert=${certFile};key=${keyFile}`
  const [port = 0] = await findPorts(1)
  await using fabio = await startFabio({
    addr: `127.0.0.1:0,127.0.0.1:${port};proto=prometheus;cs=edge;pxyproto=true`,
    flags: ['-proxy.cs', edge, '-metrics.target', 'prometheus'],
  })
  void fabio
  await using client = await RawClient.connect(port)
  client.send(V1)
  const secure = tls.connect({ socket: client.socket, servername: 'localhost', ca: authority.ca })
  secure.write('GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  assert.match(await text(secure), /^HTTP\/1\.1 200 /)
})

test('the server is told who the client is', async () => {
  const loaded = await loadConfig({ argv: ['-proxy.addr', '127.0.0.1:0;pxyproto=true'], env: {} })
  assert.ok(loaded.kind === 'run')
  const [spec] = loaded.config.proxy.listeners
  const server = createServer((req, res) => res.end(`${req.socket.remoteAddress} ${req.socket.remotePort}`))
  assert.ok(spec !== undefined)
  announcedServer(server, { spec, log: silentLog, trusts: () => true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  await using client = await RawClient.connect((server.address() as AddressInfo).port)
  client.send(V1 + GET)
  assert.match(await client.ended(), /\r\n\r\n203\.0\.113\.7 5000$/)
  await new Promise(resolve => server.close(resolve))
})

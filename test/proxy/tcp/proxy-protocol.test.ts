import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RawClient } from '../../harness/raw-client.ts'
import { type RawUpstream, startRawUpstream } from '../../harness/raw-upstream.ts'
import { type DataPath, startDataPath } from '../../harness/start-data-path.ts'
import { until } from '../../harness/until.ts'
import { v2Header } from '../../wire/v2-header.ts'

// What a balancer before us says of the client, and what we say to an upstream that wants to know (`pxyproto=true` both ways, `pxyproto=v2` to the upstream).

const PROXY_IN = ';pxyproto=true;pxytimeout=400ms'
const V1 = 'PROXY TCP4 203.0.113.7 198.51.100.1 5000 443\r\n'
const CLIENT = { address: '203.0.113.7', port: 5000 }
const SERVER = { address: '198.51.100.1', port: 443 }
const CLIENT6 = { address: '2001:db8::7', port: 5000 }
const SERVER6 = { address: '2001:db8::1', port: 443 }

async function startBetween(
  upstream: RawUpstream,
  given: { listener?: string; opts?: string } = {},
): Promise<DataPath> {
  const { listener = PROXY_IN, opts = 'pxyproto=true' } = given
  const path = await startDataPath({ addr: `127.0.0.1:0;proto=tcp${listener}` })
  path.setRoutes(`route add svc :${path.port} tcp://127.0.0.1:${upstream.port} opts "${opts}"`)
  return path
}

const latin1 = (header: Buffer): string => header.toString('latin1')

describe('what the upstream is told', () => {
  for (const { name, sent, told } of [
    { name: 'of version 1', sent: V1, told: V1 },
    {
      name: 'of version 1 and IPv6',
      sent: 'PROXY TCP6 2001:DB8:0::7 2001:db8::1 5000 443\r\n',
      told: 'PROXY TCP6 2001:db8::7 2001:db8::1 5000 443\r\n',
    },
    { name: 'of version 2', sent: latin1(v2Header({ client: CLIENT, server: SERVER })), told: V1 },
    {
      name: 'of version 2 and IPv6',
      sent: latin1(v2Header({ client: CLIENT6, server: SERVER6 })),
      told: 'PROXY TCP6 2001:db8::7 2001:db8::1 5000 443\r\n',
    },
    {
      name: 'of version 2 with extensions',
      sent: latin1(v2Header({ client: CLIENT, server: SERVER, extensions: Buffer.from('\x04\0\x03abc', 'latin1') })),
      told: V1,
    },
  ]) {
    test(`is what a header ${name} says`, async () => {
      await using upstream = await startRawUpstream(() => {})
      await using path = await startBetween(upstream)
      await using client = await RawClient.connect(path.port)
      client.send(`${sent}hello`)
      await until('it arrives', () => upstream.received() === `${told}hello`)
    })
  }

  for (const { name, sent } of [
    { name: 'without a header', sent: '' },
    { name: 'with UNKNOWN', sent: 'PROXY UNKNOWN\r\n' },
    { name: 'with UNKNOWN and addresses', sent: 'PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n' },
    { name: 'with LOCAL', sent: latin1(v2Header({ command: 0 })) },
  ]) {
    test(`is the addresses of the socket for a connection ${name}`, async () => {
      await using upstream = await startRawUpstream(() => {})
      await using path = await startBetween(upstream)
      await using client = await RawClient.connect(path.port)
      client.send(`${sent}hello`)
      const { localPort } = client.socket
      const expected = `PROXY TCP4 127.0.0.1 127.0.0.1 ${localPort} ${path.port}\r\nhello`
      await until('it arrives', () => upstream.received() === expected)
    })
  }

  test('is the addresses of the socket where no header is read', async () => {
    await using upstream = await startRawUpstream(() => {})
    await using path = await startBetween(upstream, { listener: '' })
    await using client = await RawClient.connect(path.port)
    client.send(V1)
    const expected = `PROXY TCP4 127.0.0.1 127.0.0.1 ${client.socket.localPort} ${path.port}\r\n${V1}`
    await until('it arrives', () => upstream.received() === expected)
  })

  for (const { name, sent, client, server } of [
    { name: 'version 1', sent: V1, client: CLIENT, server: SERVER },
    {
      name: 'version 2 and IPv6',
      sent: latin1(v2Header({ client: CLIENT6, server: SERVER6 })),
      client: CLIENT6,
      server: SERVER6,
    },
  ]) {
    test(`is a header of version 2 with pxyproto=v2, whatever came: ${name}`, async () => {
      await using upstream = await startRawUpstream(() => {})
      await using path = await startBetween(upstream, { opts: 'pxyproto=v2' })
      await using peer = await RawClient.connect(path.port)
      peer.send(`${sent}hello`)
      const expected = `${latin1(v2Header({ client, server }))}hello`
      await until('it arrives', () => upstream.received() === expected)
    })
  }

  test('is nothing where the route does not say so', async () => {
    await using upstream = await startRawUpstream(() => {})
    await using path = await startBetween(upstream, { opts: 'pxyproto=yes' })
    await using client = await RawClient.connect(path.port)
    client.send(`${V1}hello`)
    await until('it arrives', () => upstream.received() === 'hello')
  })

  test('comes before the client has said anything', async () => {
    await using upstream = await startRawUpstream(() => {})
    await using path = await startBetween(upstream)
    await using client = await RawClient.connect(path.port)
    client.send(V1)
    await until('it arrives', () => upstream.received() === V1)
  })
})

describe('a header', () => {
  test('that comes byte by byte is read', async () => {
    await using upstream = await startRawUpstream(() => {})
    await using path = await startBetween(upstream)
    await using client = await RawClient.connect(path.port)
    for (const byte of `${V1}hello`) {
      client.send(byte)
      await new Promise(resolve => setImmediate(resolve))
    }
    await until('it arrives', () => upstream.received() === `${V1}hello`)
  })

  test('that does not come is not waited for longer than pxytimeout, so that servers can speak first', async () => {
    await using upstream = await startRawUpstream(
      () => {},
      ({ socket }) => void socket.write('220 ready'),
    )
    await using path = await startBetween(upstream, { opts: '' })
    await using client = await RawClient.connect(path.port)
    await client.until(received => received === '220 ready')
  })

  test('that is begun and not ended in time belongs to the connection', async () => {
    await using upstream = await startRawUpstream(() => {})
    await using path = await startBetween(upstream, { opts: '' })
    await using client = await RawClient.connect(path.port)
    client.send('PROXY TCP4 1.2.3.4')
    await until('it arrives', () => upstream.received() === 'PROXY TCP4 1.2.3.4')
  })

  test('says whom the rules of the route are for', async () => {
    await using upstream = await startRawUpstream(() => {})
    await using path = await startBetween(upstream, { opts: 'allow=ip:203.0.113.0/24' })
    await using client = await RawClient.connect(path.port)
    client.send(`${V1}hello`)
    await until('it arrives', () => upstream.received() === 'hello')
    for (const other of [V1.replace('203.0.113.7', '203.0.114.7'), '']) {
      await using denied = await RawClient.connect(path.port)
      denied.send(`${other}hello`)
      assert.equal(await denied.ended(), '')
    }
    assert.equal(upstream.connections.length, 1)
  })

  for (const { name, sent } of [
    { name: 'of an unknown family', sent: 'PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n' },
    { name: 'without its addresses', sent: 'PROXY TCP4 x\r\n' },
    { name: 'with a port beyond all ports', sent: 'PROXY TCP4 1.2.3.4 5.6.7.8 70000 2\r\n' },
    { name: 'with IPv6 addresses behind TCP4', sent: 'PROXY TCP4 ::1 ::2 1 2\r\n' },
    { name: 'that never ends', sent: `PROXY TCP4 ${'1'.repeat(120)}` },
    { name: 'of version 2 with too few bytes', sent: `${latin1(v2Header({ family: 0x11, length: 4 }))}1234` },
    { name: 'of version 3', sent: latin1(v2Header({ client: CLIENT, server: SERVER, version: 3 })) },
    { name: 'with an unknown command', sent: latin1(v2Header({ client: CLIENT, server: SERVER, command: 5 })) },
  ]) {
    test(`${name} ends the connection, and the upstream never hears of it`, async () => {
      await using upstream = await startRawUpstream(() => {})
      await using path = await startBetween(upstream)
      await using client = await RawClient.connect(path.port)
      client.send(`${sent}hello`)
      assert.equal(await client.ended(), '')
      await until('it is gone', () => path.links.every(link => !link.isOpen))
      assert.equal(upstream.connections.length, 0)
      assert.equal(path.deadlinesInUse, 0)
    })
  }
})

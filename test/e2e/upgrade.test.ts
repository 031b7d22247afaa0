import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { RawClient, request } from '../harness/raw-client.ts'
import { OK, type RawUpstream, startRawUpstream, type UpstreamConnection } from '../harness/raw-upstream.ts'
import { findPorts } from '../harness/spawn-fabio.ts'
import { type RunningFabio, startFabio } from '../harness/start-fabio.ts'
import { until } from '../harness/until.ts'

let upstream: RawUpstream
let fabio: RunningFabio
/** What the upstream does with the first head to a path, and with what comes after it. */
const behaviours = new Map<string, (connection: UpstreamConnection, piece: string) => void>()

before(async () => {
  upstream = await startRawUpstream((connection, piece) => {
    const behaviour = behaviours.get(/^\S+ (\S+) /.exec(connection.received)?.[1] ?? '')
    if (behaviour === undefined) connection.socket.write(OK)
    else behaviour(connection, piece)
  })
  fabio = await startFabio({ routes: `route add svc / ${upstream.url}`, flags: ['-proxy.maxconn', '0'] })
})

after(async () => {
  await fabio[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

const switching = (protocol: string, rest = ''): string =>
  `HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${protocol}\r\nConnection: Upgrade\r\nX-A: 1\r\n\r\n${rest}`

/** Changes the protocol and then sends back what it gets. */
function echoes(protocol: string): (connection: UpstreamConnection, piece: string) => void {
  return ({ socket, received }, piece) => {
    if (socket.bytesWritten === 0 && received.includes('\r\n\r\n')) socket.write(switching(protocol))
    else socket.write(piece, 'latin1')
  }
}

const upgrade = (target: string, protocol: string, connection = 'Upgrade'): string =>
  request(
    `GET ${target} HTTP/1.1`,
    'Host: a',
    `Connection: ${connection}`,
    `Upgrade: ${protocol}`,
    'Sec-WebSocket-Key: k',
  )

function connectionTo(target: string): UpstreamConnection {
  const found = upstream.connections.findLast(({ received }) => received.includes(` ${target} `))
  assert.ok(found !== undefined)
  return found
}

async function openTunnel(target: string, protocol = 'websocket'): Promise<RawClient> {
  if (!behaviours.has(target)) behaviours.set(target, echoes(protocol))
  const client = await RawClient.connect(fabio.port)
  client.send(upgrade(target, protocol))
  assert.match(await client.until(received => received.includes('\r\n\r\n')), /^HTTP\/1\.1 101 Switching Protocols\r\n/)
  client.received = ''
  return client
}

describe('a change of protocol', () => {
  for (const { protocol, connection } of [
    { protocol: 'websocket', connection: 'Upgrade' },
    { protocol: 'websocket', connection: 'keep-alive, Upgrade' },
    { protocol: 'websocket', connection: 'keep-alive' },
    { protocol: 'WebSocket', connection: 'upgrade' },
    { protocol: 'WEBSOCKET', connection: 'UPGRADE' },
    { protocol: 'chat/2', connection: 'Upgrade' },
    { protocol: 'tcp', connection: 'close, upgrade' },
  ]) {
    test(`to ${protocol} with Connection: ${connection} passes, and then every byte both ways`, async () => {
      const target = `/echo-${encodeURIComponent(protocol + connection)}`
      behaviours.set(target, echoes(protocol))
      await using client = await RawClient.connect(fabio.port)
      const answer = await client.ask(upgrade(target, protocol, connection))
      assert.equal(answer.status, 101)
      assert.deepEqual(
        [answer.all('upgrade'), answer.all('connection'), answer.header('x-a')],
        [[protocol], ['Upgrade'], '1'],
      )
      const { received } = connectionTo(target)
      assert.match(received, new RegExp(`\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n`))
      assert.match(received, /\r\nSec-WebSocket-Key: k\r\n/)
      const bytes = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join('')
      client.send(bytes)
      await client.until(text => text === bytes)
    })
  }

  test('loses no byte that came with the request or with the answer', async () => {
    behaviours.set('/early', ({ socket, received }, piece) => {
      if (socket.bytesWritten === 0) socket.write(`${switching('websocket')}from upstream;`)
      if (received.endsWith('from client')) socket.write(`${piece.slice(-11)} came`)
    })
    await using client = await RawClient.connect(fabio.port)
    client.send(`${upgrade('/early', 'websocket')}from client`)
    assert.ok((await client.until(received => received.endsWith('came'))).endsWith('from upstream;from client came'))
    assert.ok(connectionTo('/early').received.endsWith('\r\n\r\nfrom client'))
  })

  test('waits for the upstream: before its 101 nothing of the client passes', async () => {
    behaviours.set('/late', ({ socket, received }) => {
      if (received.endsWith('\r\n\r\n')) setTimeout(() => socket.write(switching('websocket')), 100)
    })
    await using client = await RawClient.connect(fabio.port)
    client.send(upgrade('/late', 'websocket'))
    client.send('frame')
    await client.until(received => received.startsWith('HTTP/1.1 101'))
    await until('the bytes arrive', () => connectionTo('/late').received.endsWith('frame'))
  })

  for (const status of ['403 Forbidden', '404 Not Found', '200 OK', '426 Upgrade Required']) {
    test(`that the upstream refuses with ${status} leaves the connection as it was`, async () => {
      const target = `/refused-${status.slice(0, 3)}`
      const body = 'no '.repeat(50_000)
      behaviours.set(target, ({ socket }) => {
        socket.write(`HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
      })
      await using client = await RawClient.connect(fabio.port)
      for (let i = 0; i < 2; i++) {
        const answer = await client.ask(upgrade(target, 'websocket'))
        assert.equal(answer.status, Number(status.slice(0, 3)))
        assert.ok(answer.body === body)
      }
      assert.equal((await client.ask(request('GET /next HTTP/1.1', 'Host: a'))).body, 'ok')
    })
  }

  for (const { name, sent } of [
    {
      name: 'to h2c',
      sent: request(
        'GET /plain HTTP/1.1',
        'Host: a',
        'Connection: Upgrade, HTTP2-Settings',
        'Upgrade: h2c',
        'HTTP2-Settings: AAMA',
      ),
    },
    {
      name: 'to h2c among others',
      sent: request('GET /plain HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: x, H2C'),
    },
    { name: 'not meant for us', sent: request('GET /plain HTTP/1.1', 'Host: a', 'Upgrade: chat') },
    {
      name: 'of HTTP/1.0',
      sent: request('GET /plain HTTP/1.0', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket'),
    },
    {
      name: 'with a body',
      sent: request(
        'POST /plain HTTP/1.1',
        'Host: a',
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Content-Length: 2',
      ).concat('ab'),
    },
    {
      name: 'with chunks',
      sent: request(
        'POST /plain HTTP/1.1',
        'Host: a',
        'Connection: Upgrade',
        'Upgrade: h2c',
        'Transfer-Encoding: chunked',
      ).concat('0\r\n\r\n'),
    },
  ]) {
    test(`${name} is an ordinary request`, async () => {
      await using client = await RawClient.connect(fabio.port)
      assert.equal((await client.ask(sent)).body, 'ok')
      assert.doesNotMatch(connectionTo('/plain').received, /upgrade|http2-settings/i)
    })
  }

  for (const { name, bytes } of [
    { name: 'to another protocol than was asked for', bytes: switching('chat') },
    { name: 'to none', bytes: 'HTTP/1.1 101 X\r\nConnection: Upgrade\r\n\r\n' },
  ]) {
    test(`${name} is not passed on: 500, and the upstream is left`, async () => {
      const target = `/wrong-${name.length}`
      behaviours.set(target, ({ socket }) => void socket.write(bytes))
      await using client = await RawClient.connect(fabio.port)
      assert.equal((await client.ask(upgrade(target, 'websocket'))).status, 500)
      await until('the upstream is left', () => connectionTo(target).isClosed || connectionTo(target).hasEnded)
      assert.equal((await client.ask(request('GET /next HTTP/1.1', 'Host: a'))).body, 'ok')
    })
  }

  test('may choose one of several protocols', async () => {
    behaviours.set('/several', echoes('b/2'))
    await using client = await RawClient.connect(fabio.port)
    assert.equal((await client.ask(upgrade('/several', 'a, B/2'))).header('upgrade'), 'b/2')
  })
})

describe('a tunnel', () => {
  test('passes on the end of one direction while the other goes on: client first', async () => {
    await using client = await openTunnel('/half-client')
    client.send('last words')
    client.socket.end()
    const connection = connectionTo('/half-client')
    await until('the end arrives', () => connection.hasEnded)
    assert.ok(connection.received.endsWith('last words'))
    connection.socket.write(' heard')
    await client.until(received => received === 'last words heard')
    connection.socket.end('bye')
    assert.equal(await client.ended(), 'last words heardbye')
  })

  test('passes on the end of one direction while the other goes on: upstream first', async () => {
    behaviours.set('/half-upstream', ({ socket }) => {
      if (socket.bytesWritten === 0) socket.write(switching('websocket'))
    })
    await using client = await openTunnel('/half-upstream')
    const connection = connectionTo('/half-upstream')
    connection.socket.end('last words')
    assert.equal(await client.ended(), 'last words')
    client.send('heard')
    await until('the bytes arrive', () => connection.received.endsWith('heard'))
    client.socket.end()
    await until('the end arrives', () => connection.hasEnded)
  })

  test('ends for the client when the upstream dies', async () => {
    await using client = await openTunnel('/upstream-dies')
    connectionTo('/upstream-dies').socket.resetAndDestroy()
    await client.ended()
  })

  test('ends for the upstream when the client dies', async () => {
    const client = await openTunnel('/client-dies')
    client.socket.resetAndDestroy()
    await until(
      'the upstream is left',
      () => connectionTo('/client-dies').hasEnded || connectionTo('/client-dies').isClosed,
    )
  })

  test('carries much in both directions at a time, at the pace of the slower', async () => {
    await using client = await openTunnel('/much')
    const size = 16 * 1024 * 1024
    const bytes = Buffer.alloc(size, 'tunnel')
    let echoed = 0
    client.socket.removeAllListeners('data')
    client.socket.on('data', piece => {
      assert.ok(bytes.subarray(echoed, echoed + piece.length).equals(Buffer.from(piece)))
      echoed += piece.length
      client.socket.pause()
      setImmediate(() => client.socket.resume())
    })
    client.socket.write(bytes)
    await until('everything comes back', () => echoed === size, 30_000)
  })

  test('knows no limits of requests', async () => {
    await using own = await startFabio({
      addr: '127.0.0.1:0;rt=100ms;wt=100ms;it=100ms',
      routes: `route add svc / ${upstream.url}`,
      flags: ['-proxy.responseheadertimeout', '100ms', '-proxy.upgradetimeout', '100ms'],
    })
    behaviours.set('/patient', echoes('websocket'))
    await using client = await RawClient.connect(own.port)
    client.send(upgrade('/patient', 'websocket'))
    await client.until(received => received.includes('\r\n\r\n'))
    await new Promise(resolve => setTimeout(resolve, 500))
    client.received = ''
    client.send('still here')
    await client.until(received => received === 'still here')
  })
})

test('ws.conn counts open WebSockets, and other tunnels do not count', async () => {
  const [port] = await findPorts(1)
  await using own = await startFabio({
    addr: `127.0.0.1:0,127.0.0.1:${port};proto=prometheus`,
    routes: `route add svc / ${upstream.url}`,
    flags: ['-metrics.target', 'prometheus', '-metrics.prefix', 'fabio'],
  })
  behaviours.set('/counted', echoes('websocket'))
  behaviours.set('/chat', echoes('chat'))
  const count = async (): Promise<number> => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    return Number(/^fabio_ws_conn (\d+)$/m.exec(text)?.[1])
  }
  const clients = await Promise.all(Array.from({ length: 6 }, () => RawClient.connect(own.port)))
  for (const [i, client] of clients.entries()) {
    client.send(i < 4 ? upgrade('/counted', 'WebSocket'.toLowerCase()) : upgrade('/chat', 'chat'))
    await client.until(received => received.includes('\r\n\r\n'))
  }
  assert.equal(await count(), 4)
  for (const client of clients) await client[Symbol.asyncDispose]()
  for (const { socket } of upstream.connections) socket.end()
  await until('none is open', async () => (await count()) === 0)
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RawClient } from '../../harness/raw-client.ts'
import { type RawUpstream, startRawUpstream } from '../../harness/raw-upstream.ts'
import { findPorts } from '../../harness/spawn-fabio.ts'
import { type DataPath, startDataPath } from '../../harness/start-data-path.ts'
import { until } from '../../harness/until.ts'

/** Echoes, and ends when the other side does. */
function startEcho(): Promise<RawUpstream> {
  return startRawUpstream(
    ({ socket }, piece) => void socket.write(piece, 'latin1'),
    ({ socket }) => void socket.on('end', () => socket.end()),
  )
}

/** A TCP listener whose port leads to these targets. */
async function startTcp(
  targets: readonly number[],
  given: { opts?: string; listener?: string; flags?: readonly string[] } = {},
): Promise<DataPath> {
  const { opts = '', listener = '', flags = [] } = given
  const path = await startDataPath({ addr: `127.0.0.1:0;proto=tcp${listener}`, flags })
  path.setRoutes(
    targets.map(port => `route add svc :${path.port} tcp://127.0.0.1:${port} opts "x=${port} ${opts}"`).join('\n'),
  )
  return path
}

/** Everything that was opened for connections has been given back. */
async function untilAtRest(path: DataPath): Promise<void> {
  await until('no connection is left', () => path.services.every(service => service.size === 0))
  await until('no link is open', () => path.links.every(link => !link.isOpen))
  assert.equal(path.deadlinesInUse, 0)
}

describe('a TCP connection', () => {
  test('carries bytes both ways, and each end of a direction by itself', async () => {
    await using upstream = await startRawUpstream(({ socket }, piece) => void socket.write(`[${piece}]`))
    await using path = await startTcp([upstream.port])
    await using client = await RawClient.connect(path.port)
    client.send('hello')
    await client.until(received => received === '[hello]')
    client.socket.end()
    await until('the end arrives', () => upstream.connections[0]?.hasEnded === true)
    upstream.connections[0]?.socket.write('still answering')
    await client.until(received => received.endsWith('still answering'))
    upstream.connections[0]?.socket.end()
    await client.ended()
    await untilAtRest(path)
  })

  test('carries the end of the upstream while the client goes on', async () => {
    await using upstream = await startRawUpstream(
      () => {},
      ({ socket }) => void socket.end('220 bye'),
    )
    await using path = await startTcp([upstream.port])
    await using client = await RawClient.connect(path.port)
    assert.equal(await client.ended(), '220 bye')
    client.send('more')
    await until('it arrives', () => upstream.received() === 'more')
    client.socket.end()
    await untilAtRest(path)
  })

  test('lets the server speak first', async () => {
    await using upstream = await startRawUpstream(
      () => {},
      ({ socket }) => void socket.write('220 ready\r\n'),
    )
    await using path = await startTcp([upstream.port])
    await using client = await RawClient.connect(path.port)
    await client.until(received => received === '220 ready\r\n')
  })

  test('carries what a client sends and ends at once, before there is an upstream', async () => {
    await using upstream = await startEcho()
    await using path = await startTcp([upstream.port])
    await using client = await RawClient.connect(path.port)
    client.socket.end('all I have')
    assert.equal(await client.ended(), 'all I have')
    await untilAtRest(path)
  })

  test('carries much in both directions unchanged', async () => {
    await using upstream = await startEcho()
    await using path = await startTcp([upstream.port])
    await using client = await RawClient.connect(path.port)
    const sent = Array.from({ length: 100_000 }, (_, i) => `${i}\n`).join('')
    client.socket.end(sent)
    const received = await client.ended(20_000)
    assert.ok(received === sent)
  })

  test('of a client that resets ends the one to the upstream', async () => {
    await using upstream = await startEcho()
    await using path = await startTcp([upstream.port])
    await using client = await RawClient.connect(path.port)
    client.send('x')
    await client.until(received => received === 'x')
    client.socket.resetAndDestroy()
    await until('the upstream is told', () => upstream.connections[0]?.isClosed === true)
    await untilAtRest(path)
  })

  test('of an upstream that resets ends the one to the client', async () => {
    await using upstream = await startRawUpstream(({ socket }) => void socket.resetAndDestroy())
    await using path = await startTcp([upstream.port])
    await using client = await RawClient.connect(path.port)
    client.send('x')
    await client.ended()
    await untilAtRest(path)
  })

  test('is cut when the client is silent for longer than rt, and only then', async () => {
    await using upstream = await startEcho()
    await using path = await startTcp([upstream.port], { listener: ';rt=300ms' })
    await using client = await RawClient.connect(path.port)
    for (const piece of ['a', 'b', 'c', 'd']) {
      client.send(piece)
      await client.until(received => received.endsWith(piece))
      await new Promise(resolve => setTimeout(resolve, 120))
    }
    assert.equal(await client.ended(), 'abcd')
    await untilAtRest(path)
  })
})

test('the PROXY line comes in one piece with what the client sent first', async () => {
  const pieces: string[] = []
  await using upstream = await startRawUpstream((_connection, piece) => void pieces.push(piece))
  await using path = await startTcp([upstream.port], { opts: 'pxyproto=true' })
  await using client = await RawClient.connect(path.port)
  client.send('hello')
  await until('the bytes arrive', () => pieces.join('').endsWith('hello'))
  assert.equal(pieces.length, 1, JSON.stringify(pieces))
})

describe('a TCP connection that cannot be carried ends without a byte', () => {
  test('when there is no route', async () => {
    await using path = await startTcp([])
    await using client = await RawClient.connect(path.port)
    assert.equal(await client.ended(), '')
    assert.ok(path.log().includes(`[WARN] No route for :${path.port}\n`))
    await untilAtRest(path)
  })

  test('when the rules of the route deny it', async () => {
    await using upstream = await startEcho()
    await using path = await startTcp([upstream.port], { opts: 'deny=ip:127.0.0.0/8' })
    await using client = await RawClient.connect(path.port)
    assert.equal(await client.ended(), '')
    assert.match(path.log(), /\[INFO\] route rules denied access from 127\.0\.0\.1 to tcp:/)
    assert.equal(upstream.connections.length, 0)
    await untilAtRest(path)
  })

  test('without a reset, also while the client sends', async () => {
    await using upstream = await startEcho()
    await using path = await startTcp([upstream.port], { opts: 'deny=ip:127.0.0.0/8' })
    for (let i = 0; i < 20; i++) {
      await using client = await RawClient.connect(path.port)
      for (let sent = 0; sent < 10; sent++) client.send('x'.repeat(10_000))
      await client.ended()
      client.send('more')
      client.socket.end()
      await until('the connection is closed', () => client.isClosed)
      assert.equal(client.error, undefined)
    }
    await untilAtRest(path)
  })

  test('after a while, when the client does not leave', async () => {
    await using path = await startTcp([])
    await using client = await RawClient.connect(path.port)
    assert.equal(await client.ended(), '')
    await untilAtRest(path)
  })

  test('when a rule of the route cannot be read', async () => {
    await using upstream = await startEcho()
    await using path = await startTcp([upstream.port], { opts: 'allow=ip:127.0.0.0/8x' })
    await using client = await RawClient.connect(path.port)
    assert.equal(await client.ended(), '')
    assert.equal(upstream.connections.length, 0)
  })

  test('when no target takes it', async () => {
    const closed = await findPorts(4)
    await using path = await startTcp(closed)
    await using client = await RawClient.connect(path.port)
    assert.equal(await client.ended(), '')
    const tried = path.log().match(/tcp: cannot connect to upstream/g)
    assert.equal(tried?.length, 3, 'three targets are tried, not all')
    await untilAtRest(path)
  })

  test('when the target has no port', async () => {
    await using path = await startTcp([])
    path.setRoutes(`route add svc :${path.port} tcp://127.0.0.1`)
    await using client = await RawClient.connect(path.port)
    assert.equal(await client.ended(), '')
    assert.match(path.log(), /cannot connect to upstream 127\.0\.0\.1: target has no port/)
  })
})

test('a target that does not take a connection gives way to another', async () => {
  const [closed = 0] = await findPorts(1)
  await using upstream = await startEcho()
  await using path = await startTcp([closed, upstream.port], { flags: ['-proxy.strategy', 'rr'] })
  for (let i = 0; i < 4; i++) {
    await using client = await RawClient.connect(path.port)
    client.send('ping')
    await client.until(received => received === 'ping')
  }
  assert.equal(path.log().match(/tcp: cannot connect to upstream/g)?.length, 2, 'every other one was tried there first')
})

test('a route by its port does not ask what the scheme of its target is', async () => {
  await using upstream = await startEcho()
  await using path = await startTcp([])
  path.setRoutes(`route add svc :${path.port} http://127.0.0.1:${upstream.port}/x`)
  await using client = await RawClient.connect(path.port)
  client.send('ping')
  await client.until(received => received === 'ping')
})

test('connections that are open keep their target when the route goes', async () => {
  await using upstream = await startEcho()
  await using path = await startTcp([upstream.port])
  await using client = await RawClient.connect(path.port)
  client.send('a')
  await client.until(received => received === 'a')
  path.setRoutes('')
  client.send('b')
  await client.until(received => received === 'ab')
  await using other = await RawClient.connect(path.port)
  assert.equal(await other.ended(), '')
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type HttpUpstream, startHttpUpstream, type UpstreamRequest } from '../harness/http-upstream.ts'
import { RawClient, request } from '../harness/raw-client.ts'
import { OK, startRawUpstream } from '../harness/raw-upstream.ts'
import { findPorts } from '../harness/spawn-fabio.ts'
import { type RunningFabio, startFabio } from '../harness/start-fabio.ts'
import { until } from '../harness/until.ts'

/** So long that a stop which waits for it fails the test by its time limit. */
const LONG = ['-proxy.shutdownwait', '600s']
const GET = request('GET / HTTP/1.1', 'Host: a')

/** An upstream that answers when the test says so. */
async function startHoldingUpstream(): Promise<HttpUpstream & { readonly held: UpstreamRequest[] }> {
  const held: UpstreamRequest[] = []
  const upstream = await startHttpUpstream(asked => {
    if (asked.target === '/held') held.push(asked)
    else asked.send(OK)
  })
  return { ...upstream, held, [Symbol.asyncDispose]: () => upstream[Symbol.asyncDispose]() }
}

/** Begins to stop, and resolves when the router takes no connections any more. */
async function beginStop(fabio: RunningFabio): Promise<{ readonly stopped: Promise<void> }> {
  const stopped = Promise.resolve(fabio[Symbol.asyncDispose]())
  await until('connections are refused', async () => {
    try {
      await (await RawClient.connect(fabio.port))[Symbol.asyncDispose]()
      return false
    } catch {
      return true
    }
  })
  return { stopped }
}

describe('a router that stops', { concurrency: true }, () => {
  test('ends at once when nobody is connected', async () => {
    const fabio = await startFabio({ flags: LONG })
    await fabio[Symbol.asyncDispose]()
  })

  test('ends idle connections, also of clients that keep theirs half open', async () => {
    await using upstream = await startHoldingUpstream()
    const fabio = await startFabio({ flags: LONG, routes: `route add svc / ${upstream.url}` })
    await using asked = await RawClient.connect(fabio.port)
    await using fresh = await RawClient.connect(fabio.port)
    await asked.ask(GET)
    const { stopped } = await beginStop(fabio)
    assert.deepEqual([await asked.ended(), await fresh.ended()], ['', ''])
    await stopped
  })

  test('lets a request that is under way finish, and says that its connection ends', async () => {
    await using upstream = await startHoldingUpstream()
    const fabio = await startFabio({ flags: LONG, routes: `route add svc / ${upstream.url}` })
    await using client = await RawClient.connect(fabio.port)
    client.send(request('GET /held HTTP/1.1', 'Host: a'))
    await until('the request arrives', () => upstream.held.length === 1)
    const { stopped } = await beginStop(fabio)
    upstream.held[0]?.send(OK)
    const answer = await client.answer()
    assert.deepEqual([answer.body, answer.header('connection')], ['ok', 'close'])
    await client.ended()
    await stopped
  })

  test('lets an answer that has begun finish', async () => {
    await using upstream = await startHoldingUpstream()
    const fabio = await startFabio({ flags: LONG, routes: `route add svc / ${upstream.url}` })
    await using client = await RawClient.connect(fabio.port)
    client.send(request('GET /held HTTP/1.1', 'Host: a'))
    await until('the request arrives', () => upstream.held.length === 1)
    upstream.held[0]?.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf-')
    await client.until(received => received.endsWith('half-'))
    const { stopped } = await beginStop(fabio)
    upstream.held[0]?.send('whole')
    assert.equal((await client.answer()).body, 'half-whole')
    await client.ended()
    await stopped
  })

  test('lets an upload finish, and answers it', async () => {
    await using upstream = await startHoldingUpstream()
    const fabio = await startFabio({ flags: LONG, routes: `route add svc / ${upstream.url}` })
    await using client = await RawClient.connect(fabio.port)
    client.send(request('POST / HTTP/1.1', 'Host: a', 'Content-Length: 10').concat('half-'))
    await until('it has begun', () => upstream.connections.length > 0)
    const { stopped } = await beginStop(fabio)
    const answer = await client.ask('whole')
    assert.deepEqual(
      [answer.body, answer.header('connection'), upstream.requests[0]?.body],
      ['ok', 'close', 'half-whole'],
    )
    await stopped
  })

  test('serves a request whose head has begun', async () => {
    await using upstream = await startHoldingUpstream()
    const fabio = await startFabio({ flags: LONG, routes: `route add svc / ${upstream.url}` })
    await using client = await RawClient.connect(fabio.port)
    await client.ask(GET)
    client.send(GET.slice(0, 10))
    await sleep(100)
    const { stopped } = await beginStop(fabio)
    const answer = await client.ask(GET.slice(10))
    assert.deepEqual([answer.status, answer.header('connection')], [200, 'close'])
    await client.ended()
    await stopped
  })

  test('does not serve what comes after its goodbye', async () => {
    await using upstream = await startHoldingUpstream()
    const fabio = await startFabio({ flags: LONG, routes: `route add svc / ${upstream.url}` })
    await using client = await RawClient.connect(fabio.port)
    await client.ask(GET)
    const { stopped } = await beginStop(fabio)
    await client.ended()
    // Nobody could answer this one, so nobody may do it.
    client.send(`${request('POST /late HTTP/1.1', 'Host: a', 'Content-Length: 5')}hello`)
    await stopped
    assert.deepEqual(
      upstream.requests.map(({ target }) => target),
      ['/'],
    )
  })

  test('serves no request that waits behind the one under way', async () => {
    await using upstream = await startHoldingUpstream()
    const fabio = await startFabio({ flags: LONG, routes: `route add svc / ${upstream.url}` })
    await using client = await RawClient.connect(fabio.port)
    client.send(request('GET /held HTTP/1.1', 'Host: a') + request('GET /waiting HTTP/1.1', 'Host: a'))
    await until('the request arrives', () => upstream.held.length === 1)
    const { stopped } = await beginStop(fabio)
    upstream.held[0]?.send(OK)
    assert.equal((await client.answer()).header('connection'), 'close')
    await client.ended()
    await stopped
    assert.deepEqual([client.received, upstream.requests.length], ['', 1])
  })

  test('cuts what is still open when the time is over', async () => {
    await using upstream = await startHoldingUpstream()
    const fabio = await startFabio({
      flags: ['-proxy.shutdownwait', '300ms'],
      routes: `route add svc / ${upstream.url}`,
    })
    await using client = await RawClient.connect(fabio.port)
    client.send(request('GET /held HTTP/1.1', 'Host: a'))
    await until('the request arrives', () => upstream.held.length === 1)
    await fabio[Symbol.asyncDispose]()
    assert.equal(await client.ended(), '')
    await until('the log says so', () => /cut 1 connections/.test(fabio.log()))
    await until('the upstream is left', () =>
      upstream.connections.every(({ isClosed, hasEnded }) => isClosed || hasEnded),
    )
  })

  test('does not wait for tunnels', async () => {
    await using upstream = await startRawUpstream(({ socket }, piece) => {
      if (piece.includes('pgrade')) socket.write('HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    })
    const fabio = await startFabio({ flags: LONG, routes: `route add svc / ${upstream.url}` })
    await using client = await RawClient.connect(fabio.port)
    client.send(request('GET / HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket'))
    await client.until(received => received.startsWith('HTTP/1.1 101'))
    await fabio[Symbol.asyncDispose]()
    await client.ended()
  })

  test('does not wait for a tunnel that begins while it stops', async () => {
    await using upstream = await startRawUpstream(() => {})
    const fabio = await startFabio({ flags: LONG, routes: `route add svc / ${upstream.url}` })
    await using client = await RawClient.connect(fabio.port)
    client.send(request('GET / HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket'))
    await until('the request arrives', () => upstream.received() !== '')
    const { stopped } = await beginStop(fabio)
    upstream.connections[0]?.socket.write('HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    await client.until(received => received.startsWith('HTTP/1.1 101'))
    await stopped
    await client.ended()
  })
})

describe('a router that stops, with TCP', { concurrency: true }, () => {
  async function startTcp(flags: readonly string[], echo: { url: string; port: number }): Promise<RunningFabio> {
    const [port] = await findPorts(1)
    return startFabio({
      flags,
      addr: `127.0.0.1:${port};proto=tcp`,
      routes: `route add svc :${port} tcp://127.0.0.1:${echo.port}`,
    })
  }

  test('ends when the last connection has ended', async () => {
    await using upstream = await startRawUpstream(
      ({ socket }, piece) => void socket.write(piece),
      ({ socket }) => void socket.on('end', () => socket.end()),
    )
    const fabio = await startTcp(LONG, upstream)
    await using client = await RawClient.connect(fabio.port)
    client.send('ping')
    await client.until(received => received === 'ping')
    const { stopped } = await beginStop(fabio)
    client.send('pong')
    await client.until(received => received === 'pingpong')
    client.socket.end()
    await stopped
  })

  test('cuts connections when the time is over', async () => {
    await using upstream = await startRawUpstream(({ socket }, piece) => void socket.write(piece))
    const fabio = await startTcp(['-proxy.shutdownwait', '200ms'], upstream)
    await using client = await RawClient.connect(fabio.port)
    client.send('ping')
    await client.until(received => received === 'ping')
    await fabio[Symbol.asyncDispose]()
    await client.ended()
  })
})

test('proxy.deregistergraceperiod goes before all that: until it is over everything is served as usual', async () => {
  await using upstream = await startHoldingUpstream()
  const fabio = await startFabio({
    flags: ['-proxy.deregistergraceperiod', '1s'],
    routes: `route add svc / ${upstream.url}`,
  })
  await using client = await RawClient.connect(fabio.port)
  await client.ask(GET)
  const stopped = fabio[Symbol.asyncDispose]()
  await sleep(200)
  await using other = await RawClient.connect(fabio.port)
  for (const one of [client, other]) {
    const answer = await one.ask(GET)
    assert.deepEqual([answer.status, answer.header('connection')], [200, undefined])
  }
  await stopped
})

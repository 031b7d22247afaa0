import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { RawClient, request } from '../harness/raw-client.ts'
import { OK, type RawUpstream, startRawUpstream, type UpstreamConnection } from '../harness/raw-upstream.ts'
import { type RunningFabio, startFabio } from '../harness/start-fabio.ts'
import { until } from '../harness/until.ts'

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'

let upstream: RawUpstream
let fabio: RunningFabio
/** What the upstream does with each piece of a request to a path. */
const behaviours = new Map<string, (connection: UpstreamConnection, received: string) => void>()

before(async () => {
  upstream = await startRawUpstream(connection => {
    const target = /^\S+ (\S+) /.exec(connection.received)?.[1] ?? ''
    const behaviour = behaviours.get(target)
    if (behaviour === undefined) connection.socket.write(OK)
    else behaviour(connection, connection.received)
  })
  fabio = await startFabio({ routes: `route add svc / ${upstream.url}`, flags: ['-proxy.maxconn', '0'] })
})

after(async () => {
  await fabio[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

describe('interim answers', () => {
  const interims = [
    'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n',
    'HTTP/1.1 102 Processing\r\n\r\n',
    CONTINUE,
    'HTTP/1.1 103 Early Hints\r\nLink: </b.js>; rel=preload\r\n\r\n',
    'HTTP/1.1 199 Whatever\r\nX-A: 1\r\n\r\n',
  ]

  test('all pass, in their order, each when it comes, and none leaves a trace in the answer', async () => {
    behaviours.set('/one-by-one', ({ socket }) => {
      for (const [i, interim] of interims.entries()) setTimeout(() => socket.write(interim), 10 * i)
      setTimeout(() => socket.write(OK), 10 * interims.length)
    })
    await using client = await RawClient.connect(fabio.port)
    client.send(request('GET /one-by-one HTTP/1.1', 'Host: a'))
    for (const interim of interims) {
      await client.until(received => received.length >= interim.length)
      assert.ok(client.received.startsWith(interim))
      client.received = client.received.slice(interim.length)
    }
    const answer = await client.answer()
    assert.deepEqual(
      [answer.status, answer.body, answer.header('link'), answer.header('x-a')],
      [200, 'ok', undefined, undefined],
    )
  })

  test('all pass when they come at once, cut anywhere', async () => {
    behaviours.set('/at-once', ({ socket }) => void socket.write(interims.join('') + OK))
    behaviours.set('/cut', ({ socket }) => {
      const text = interims.join('') + OK
      for (let at = 0; at < text.length; at += 7) setTimeout(() => socket.write(text.slice(at, at + 7)), at / 7)
    })
    for (const target of ['/at-once', '/cut']) {
      await using client = await RawClient.connect(fabio.port)
      client.send(request(`GET ${target} HTTP/1.1`, 'Host: a'))
      await client.until(received => received.endsWith('ok'))
      assert.ok(client.received.startsWith(interims.join('')))
    }
  })

  test('none reaches HTTP/1.0', async () => {
    behaviours.set('/old', ({ socket }) => void socket.write(interims.join('') + OK))
    await using client = await RawClient.connect(fabio.port)
    const answer = await client.ask(request('GET /old HTTP/1.0', 'Host: a'))
    assert.deepEqual([answer.status, answer.body], [200, 'ok'])
  })

  test('a pipelined request is answered behind those of the one before it', async () => {
    behaviours.set('/first', ({ socket }) => void socket.write(interims[0] + OK))
    await using client = await RawClient.connect(fabio.port)
    client.send(request('GET /first HTTP/1.1', 'Host: a') + request('GET /second HTTP/1.1', 'Host: a'))
    const statuses = []
    for (let i = 0; i < 3; i++) statuses.push((await client.answer()).status)
    assert.deepEqual(statuses, [103, 200, 200])
  })
})

describe('Expect: 100-continue', () => {
  const post = (target: string, ...lines: string[]): string =>
    request(`POST ${target} HTTP/1.1`, 'Host: a', 'Content-Length: 5', 'Expect: 100-continue', ...lines)

  test('the client sends its body when the upstream says so, and the upstream is told that it waits', async () => {
    behaviours.set('/says-100', ({ socket }, received) => {
      if (received.endsWith('\r\n\r\n')) socket.write(CONTINUE)
      else if (received.endsWith('hello')) socket.write(OK)
    })
    await using client = await RawClient.connect(fabio.port)
    client.send(post('/says-100'))
    assert.equal(await client.until(received => received.endsWith('\r\n\r\n')), CONTINUE)
    assert.match(upstream.connections.at(-1)?.received ?? '', /\r\nExpect: 100-continue\r\n/)
    client.received = ''
    assert.equal((await client.ask('hello')).body, 'ok')
    assert.equal((await client.ask(request('GET /next HTTP/1.1', 'Host: a'))).body, 'ok')
  })

  test('the client is told to go on after a while by us when the upstream says nothing', async () => {
    behaviours.set('/says-nothing', ({ socket }, received) => {
      if (received.endsWith('hello')) socket.write(OK)
    })
    await using client = await RawClient.connect(fabio.port)
    client.send(post('/says-nothing'))
    assert.equal(await client.until(received => received.endsWith('\r\n\r\n')), CONTINUE)
    client.received = ''
    assert.equal((await client.ask('hello')).body, 'ok')
  })

  test('a client that does not wait gets its answer', async () => {
    behaviours.set('/at-once', ({ socket }, received) => {
      if (received.endsWith('hello')) socket.write(OK)
    })
    await using client = await RawClient.connect(fabio.port)
    assert.equal((await client.ask(`${post('/at-once')}hello`)).body, 'ok')
  })

  for (const status of ['417 Expectation Failed', '401 Unauthorized', '413 Content Too Large', '200 OK']) {
    test(`the upstream answers ${status} before the body: the client gets that, and the connection ends`, async () => {
      const target = `/${status.slice(0, 3)}`
      behaviours.set(target, ({ socket }) => void socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\nno`))
      await using client = await RawClient.connect(fabio.port)
      const answer = await client.ask(post(target))
      // Whether the body still comes nobody can tell, so nobody can tell where the next request would begin.
      assert.deepEqual(
        [answer.status, answer.body, answer.header('connection')],
        [Number(status.slice(0, 3)), 'no', 'close'],
      )
      await client.ended()
      await until('the upstream is left', () =>
        upstream.connections.some(
          ({ received, hasEnded, isClosed }) => received.includes(target) && (hasEnded || isClosed),
        ),
      )
    })
  }

  test('without a route the client is answered before its body', async () => {
    await using lonely = await startFabio()
    await using client = await RawClient.connect(lonely.port)
    const answer = await client.ask(post('/'))
    assert.deepEqual([answer.status, answer.header('connection')], [404, 'close'])
    await client.ended()
  })

  test('a request of HTTP/1.0 gets no interim answer', async () => {
    behaviours.set('/old', ({ socket }, received) => {
      if (received.endsWith('\r\n\r\n')) socket.write(CONTINUE)
      else if (received.endsWith('hello')) socket.write(OK)
    })
    await using client = await RawClient.connect(fabio.port)
    const line = 'POST /old HTTP/1.0'
    assert.equal((await client.ask(`${request(line, 'Content-Length: 5', 'Expect: 100-continue')}hello`)).status, 200)
  })

  test('an expectation without a body is passed on, and nobody waits', async () => {
    await using client = await RawClient.connect(fabio.port)
    const answer = await client.ask(request('GET /get HTTP/1.1', 'Host: a', 'Expect: 100-continue'))
    assert.deepEqual([answer.status, answer.header('connection')], [200, undefined])
  })

  test('any other expectation is refused', async () => {
    await using client = await RawClient.connect(fabio.port)
    const answer = await client.ask(request('POST /x HTTP/1.1', 'Host: a', 'Expect: a-miracle', 'Content-Length: 5'))
    assert.deepEqual([answer.status, answer.header('connection')], [417, 'close'])
  })
})

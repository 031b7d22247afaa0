import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startHttpUpstream } from '../harness/http-upstream.ts'
import { RawClient, request } from '../harness/raw-client.ts'
import { OK, type RawUpstream, startRawUpstream } from '../harness/raw-upstream.ts'
import { type RunningFabio, startFabio } from '../harness/start-fabio.ts'
import { until } from '../harness/until.ts'

const ONE_WORKER = ['-runtime.gomaxprocs', '1']

interface Rig extends AsyncDisposable {
  readonly upstream: RawUpstream
  readonly fabio: RunningFabio
  readonly client: RawClient
}

/** A router whose one connection to the upstream has answered once and rests. What it does with the next request is `second`. */
async function startRested(second: (connection: RawUpstream['connections'][number]) => void): Promise<Rig> {
  let requests = 0
  const upstream = await startRawUpstream(connection => {
    if (!connection.received.includes('\r\n\r\n')) return
    requests++
    if (requests === 2) second(connection)
    else connection.socket.write(OK)
    connection.received += '|'
  })
  const fabio = await startFabio({ routes: `route add svc / ${upstream.url}`, flags: ONE_WORKER })
  const client = await RawClient.connect(fabio.port)
  assert.equal((await client.ask(request('GET /first HTTP/1.1', 'Host: a'))).body, 'ok')
  return {
    upstream,
    fabio,
    client,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]()
      await fabio[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

const body = (length: number): string => 'x'.repeat(length)

describe('a request that got lost on a kept connection', { concurrency: true }, () => {
  const ends = ({ socket }: RawUpstream['connections'][number]): void => void socket.end()
  const breaks = ({ socket }: RawUpstream['connections'][number]): void => void socket.resetAndDestroy()

  for (const { name, sent } of [
    { name: 'GET', sent: request('GET /x HTTP/1.1', 'Host: a') },
    { name: 'HEAD', sent: request('HEAD /x HTTP/1.1', 'Host: a') },
    { name: 'OPTIONS', sent: request('OPTIONS /x HTTP/1.1', 'Host: a') },
    { name: 'TRACE', sent: request('TRACE /x HTTP/1.1', 'Host: a') },
    { name: 'DELETE', sent: request('DELETE /x HTTP/1.1', 'Host: a') },
    { name: 'PUT with a small body', sent: request('PUT /x HTTP/1.1', 'Host: a', 'Content-Length: 5').concat('hello') },
    {
      name: 'PUT with a small chunked body',
      sent: request('PUT /x HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked').concat('5\r\nhello\r\n0\r\n\r\n'),
    },
    {
      name: 'POST with an Idempotency-Key',
      sent: request('POST /x HTTP/1.1', 'Host: a', 'Idempotency-Key: 1', 'Content-Length: 5').concat('hello'),
    },
    {
      name: 'POST with an X-Idempotency-Key',
      sent: request('POST /x HTTP/1.1', 'Host: a', 'X-Idempotency-Key: 1', 'Content-Length: 0'),
    },
  ]) {
    for (const [how, second] of [
      ['ends', ends],
      ['breaks', breaks],
    ] as const) {
      test(`${name}: is sent once more, whole, on a fresh connection when the old one ${how}`, async () => {
        await using rig = await startRested(second)
        const { client, upstream } = rig
        assert.equal((await client.ask(sent)).status, 200)
        assert.equal(upstream.connections.length, 2)
        const [first = '', again = ''] = upstream.connections.map(({ received }) =>
          received.split('|').find(text => text.includes('/x')),
        )
        assert.equal(again, first)
      })
    }
  }

  for (const { name, sent } of [
    { name: 'POST', sent: request('POST /x HTTP/1.1', 'Host: a', 'Content-Length: 5').concat('hello') },
    { name: 'POST without body', sent: request('POST /x HTTP/1.1', 'Host: a', 'Content-Length: 0') },
    { name: 'PATCH', sent: request('PATCH /x HTTP/1.1', 'Host: a', 'Content-Length: 5').concat('hello') },
    { name: 'an unknown method', sent: request('FROB /x HTTP/1.1', 'Host: a') },
  ]) {
    test(`${name}: becomes 502 and is not sent again`, async () => {
      await using rig = await startRested(ends)
      const { client, upstream } = rig
      assert.equal((await client.ask(sent)).status, 502)
      await sleep(50)
      assert.equal(upstream.received().split(' /x ').length, 2)
      assert.equal((await client.ask(request('GET /next HTTP/1.1', 'Host: a'))).status, 200)
    })
  }

  test('PUT with a body too large to be kept: becomes 502 and is not sent again', async () => {
    await using rig = await startRested(ends)
    const { client, upstream } = rig
    const length = 500_000
    client.send(request('PUT /x HTTP/1.1', 'Host: a', `Content-Length: ${length}`) + body(length))
    assert.equal((await client.answer('PUT')).status, 502)
    assert.equal(upstream.received().split(' /x ').length, 2)
  })

  test('is not sent a third time', async () => {
    let requests = 0
    await using upstream = await startRawUpstream(({ socket }) => {
      requests++
      if (requests === 1) socket.write(OK)
      else socket.destroy()
    })
    await using fabio = await startFabio({ routes: `route add svc / ${upstream.url}`, flags: ONE_WORKER })
    await using client = await RawClient.connect(fabio.port)
    await client.ask(request('GET / HTTP/1.1', 'Host: a'))
    assert.equal((await client.ask(request('GET / HTTP/1.1', 'Host: a'))).status, 502)
    assert.equal(requests, 3)
  })

  test('is not sent again when the first byte of its answer has come', async () => {
    await using rig = await startRested(({ socket }) => void socket.end('H'))
    assert.equal((await rig.client.ask(request('GET /x HTTP/1.1', 'Host: a'))).status, 500)
    assert.equal(rig.upstream.connections.length, 1)
  })

  test('is not sent again when an interim answer has come', async () => {
    await using rig = await startRested(({ socket }) => void socket.end('HTTP/1.1 102 Processing\r\n\r\n'))
    const { client } = rig
    client.send(request('GET /x HTTP/1.1', 'Host: a'))
    assert.deepEqual([(await client.answer()).status, (await client.answer()).status], [102, 502])
    assert.equal(rig.upstream.connections.length, 1)
  })

  for (const { method, dying, answer } of [
    { method: 'GET', dying: 1, answer: 200 },
    { method: 'PUT', dying: 1, answer: 200 },
    { method: 'POST', dying: 1, answer: 502 },
    { method: 'GET', dying: 2, answer: 502 },
  ]) {
    test(`${method} on a fresh one, ${dying} of the targets dying with it: ${answer}, and it is not sent once too often`, async () => {
      let lost = 0
      const dies: Parameters<typeof startRawUpstream>[0] = ({ socket }) => {
        lost++
        socket.resetAndDestroy()
      }
      await using first = await startRawUpstream(dies)
      await using second = await startRawUpstream(dying > 1 ? dies : ({ socket }) => void socket.write(OK))
      const routes = [first, second].map(({ url }) => `route add svc / ${url}`).join('\n')
      await using fabio = await startFabio({ routes, flags: [...ONE_WORKER, '-proxy.strategy=rr'] })
      // Whose turn it is first does not matter: the other is asked by the next request.
      const statuses: number[] = []
      for (let i = 0; i < 2; i++) {
        await using client = await RawClient.connect(fabio.port)
        statuses.push((await client.ask(request(`${method} / HTTP/1.1`, 'Host: a', 'Content-Length: 0'))).status)
      }
      assert.equal(statuses.includes(answer), true, statuses.join(' '))
      assert.equal(lost, method === 'POST' ? 1 : dying === 2 ? 4 : 1)
    })
  }

  test('on a fresh one becomes 502 at once when there is no other target', async () => {
    let requests = 0
    await using upstream = await startRawUpstream(({ socket }) => {
      requests++
      socket.destroy()
    })
    await using fabio = await startFabio({ routes: `route add svc / ${upstream.url}` })
    await using client = await RawClient.connect(fabio.port)
    assert.equal((await client.ask(request('GET / HTTP/1.1', 'Host: a'))).status, 502)
    assert.equal(requests, 1)
  })
})

test('a request that must not be done twice goes on a fresh connection when the old one has rested', async () => {
  await using rig = await startRested(({ socket }) => void socket.write(OK))
  await sleep(700)
  const post = request('POST /x HTTP/1.1', 'Host: a', 'Content-Length: 5').concat('hello')
  assert.equal((await rig.client.ask(post)).status, 200)
  assert.equal(rig.upstream.connections.length, 2)
})

test('no request is lost to an upstream that ends its connections whenever it likes', async () => {
  let seen = 0
  await using upstream = await startHttpUpstream(({ send, connection }) => {
    send(OK)
    // Sometimes with the answer, sometimes just before the next request comes.
    if (++seen % 3 === 0) setTimeout(() => connection.socket.end(), seen % 7)
  })
  await using fabio = await startFabio({ routes: `route add svc / ${upstream.url}` })
  const statuses = new Map<number, number>()
  await Promise.all(
    Array.from({ length: 10 }, async () => {
      await using client = await RawClient.connect(fabio.port)
      for (let i = 0; i < 100; i++) {
        const { status } = await client.ask(request('GET / HTTP/1.1', 'Host: a'))
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
        if (i % 5 === 0) await sleep(i % 8)
      }
    }),
  )
  assert.deepEqual([...statuses], [[200, 1000]])
})

describe('a target that cannot be connected to', { concurrency: true }, () => {
  const dead = 'http://127.0.0.1:9/'

  for (const count of [1, 2]) {
    test(`${count} of them: the next target gets the request, large body and all`, async () => {
      await using upstream = await startHttpUpstream(asked => asked.send(OK))
      const lines = Array.from({ length: count }, (_, i) => `route add svc / http://127.0.0.${i + 1}:9/`)
      await using fabio = await startFabio({ routes: [...lines, `route add svc / ${upstream.url}`].join('\n') })
      for (let i = 0; i < 10; i++) {
        await using client = await RawClient.connect(fabio.port)
        const length = i % 2 === 0 ? 5 : 300_000
        const sent = request('POST / HTTP/1.1', 'Host: a', `Content-Length: ${length}`) + body(length)
        assert.equal((await client.ask(sent)).status, 200)
        assert.equal(upstream.requests.at(-1)?.body.length, length)
      }
    })
  }

  test('and no other: 502, and the log says why', async () => {
    await using fabio = await startFabio({
      routes: `route add svc / ${dead}\nroute add named named.test/ http://localhost:9/`,
    })
    await using client = await RawClient.connect(fabio.port)
    const answer = await client.ask(request('POST / HTTP/1.1', 'Host: a', 'Content-Length: 5').concat('hello'))
    assert.deepEqual([answer.status, answer.body, answer.header('connection')], [502, '', undefined])
    await until('the log tells', () => /upstream 127\.0\.0\.1:9: connect ECONNREFUSED/.test(fabio.log()))
    assert.equal((await client.ask(request('GET / HTTP/1.1', 'Host: named.test'))).status, 502)
    await until('the log tells', () => /upstream localhost:9: \S+/.test(fabio.log()))
  })

  test('changes what the access log says of the upstream', async () => {
    await using upstream = await startHttpUpstream(asked => asked.send(OK))
    await using fabio = await startFabio({
      routes: `route add svc / ${dead}\nroute add svc / ${upstream.url}`,
      flags: [
        '-log.access.target',
        'stdout',
        '-log.access.format',
        '$upstream_addr $response_status',
        '-proxy.strategy',
        'rr',
      ],
    })
    await using client = await RawClient.connect(fabio.port)
    for (let i = 0; i < 4; i++) await client.ask(request('GET / HTTP/1.1', 'Host: a'))
    await until('the lines are there', () => fabio.output().trim().split('\n').length === 4)
    assert.deepEqual(new Set(fabio.output().trim().split('\n')), new Set([`127.0.0.1:${upstream.port} 200`]))
  })
})

test('proxy.limit.upstreamconns: a request beyond it gets 503, and the next one is served', async () => {
  const held: (() => void)[] = []
  await using upstream = await startHttpUpstream(({ send }) => void held.push(() => send(OK)))
  await using fabio = await startFabio({
    routes: `route add svc / ${upstream.url}`,
    flags: [...ONE_WORKER, '-proxy.limit.upstreamconns', '2'],
  })
  const clients = await Promise.all([1, 2, 3].map(() => RawClient.connect(fabio.port)))
  for (const client of clients.slice(0, 2)) client.send(request('GET / HTTP/1.1', 'Host: a'))
  await until('two are under way', () => held.length === 2)
  assert.equal((await clients[2]?.ask(request('GET / HTTP/1.1', 'Host: a')))?.status, 503)
  for (const release of held) release()
  for (const client of clients.slice(0, 2)) assert.equal((await client.answer()).status, 200)
  clients[2]?.send(request('GET / HTTP/1.1', 'Host: a'))
  await until('it is under way', () => held.length === 3)
  held[2]?.()
  assert.equal((await clients[2]?.answer())?.status, 200)
  for (const client of clients) await client[Symbol.asyncDispose]()
})

describe('the last request of a connection', () => {
  for (const length of [2, 3_000_000]) {
    test(`gets all ${length} bytes of its answer, and the end`, async () => {
      await using upstream = await startRawUpstream(({ received, socket }) => {
        if (received.endsWith('\r\n\r\n'))
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n${body(length)}`)
      })
      await using fabio = await startFabio({ routes: `route add svc / ${upstream.url}`, flags: ONE_WORKER })
      await using client = await RawClient.connect(fabio.port)
      const answer = await client.ask(request('GET / HTTP/1.1', 'Host: a', 'Connection: close'))
      assert.deepEqual([answer.header('connection'), answer.body === body(length)], ['close', true])
      await client.ended()
    })
  }
})

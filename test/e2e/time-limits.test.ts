import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startHttpUpstream } from '../harness/http-upstream.ts'
import { RawClient, request } from '../harness/raw-client.ts'
import { answering, OK, startRawUpstream } from '../harness/raw-upstream.ts'
import { startStalledListener } from '../harness/stalled-listener.ts'
import { startFabio } from '../harness/start-fabio.ts'
import { until } from '../harness/until.ts'

const GET = request('GET / HTTP/1.1', 'Host: a')

describe('proxy.limit.headertimeout', () => {
  const flags = ['-proxy.limit.headertimeout', '200ms']

  test('a head that does not come to an end gets 408', async () => {
    await using fabio = await startFabio({ flags })
    await using client = await RawClient.connect(fabio.port)
    client.send('GET / HTTP/1.1\r\nHost: a\r\n')
    const answer = await client.answer()
    assert.deepEqual([answer.status, answer.header('connection')], [408, 'close'])
    await client.ended()
  })

  test('one that comes byte by byte does not gain time by it', async () => {
    await using fabio = await startFabio({ flags })
    await using client = await RawClient.connect(fabio.port)
    const dripping = setInterval(() => client.send('x'), 20)
    client.send('GET /')
    assert.equal((await client.answer()).status, 408)
    clearInterval(dripping)
  })

  test('the time begins anew with each request', async () => {
    await using fabio = await startFabio({ flags })
    await using client = await RawClient.connect(fabio.port)
    for (let i = 0; i < 4; i++) {
      client.send(GET.slice(0, 10))
      await sleep(100)
      assert.equal((await client.ask(GET.slice(10))).status, 404)
    }
    await sleep(400)
    assert.equal((await client.ask(GET)).status, 404, 'between requests it does not count')
  })

  test('a connection on which nothing comes ends without a word', async () => {
    await using fabio = await startFabio({ flags })
    await using client = await RawClient.connect(fabio.port)
    assert.equal(await client.ended(), '')
  })
})

describe('listener option rt', () => {
  const addr = '127.0.0.1:0;rt=200ms'

  test('a head that takes too long gets 408', async () => {
    await using fabio = await startFabio({ addr })
    await using client = await RawClient.connect(fabio.port)
    client.send('GET / HTTP/1.1\r\n')
    assert.equal((await client.answer()).status, 408)
  })

  for (const framing of ['Content-Length: 10', 'Transfer-Encoding: chunked']) {
    test(`a body that takes too long (${framing}) gets 504, and its connection ends`, async () => {
      await using upstream = await startRawUpstream(() => {})
      await using fabio = await startFabio({ addr, routes: `route add svc / ${upstream.url}` })
      await using client = await RawClient.connect(fabio.port)
      const answer = await client.ask(request('POST / HTTP/1.1', 'Host: a', framing))
      assert.deepEqual([answer.status, answer.header('connection')], [504, 'close'])
      await client.ended()
      await until(
        'the upstream is left',
        () => upstream.connections[0]?.isClosed || upstream.connections[0]?.hasEnded || false,
      )
      await until('the log tells', () => fabio.log().includes('did not send its body in time'))
    })
  }

  test('when the answer has begun before, it is cut, not answered twice', async () => {
    await using upstream = await startRawUpstream(({ socket }, piece) => {
      if (piece.startsWith('POST')) socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n')
    })
    await using fabio = await startFabio({ addr, routes: `route add svc / ${upstream.url}` })
    await using client = await RawClient.connect(fabio.port)
    client.send(request('POST / HTTP/1.1', 'Host: a', 'Content-Length: 10'))
    const received = await client.ended()
    assert.ok(received.endsWith('4\r\nhalf\r\n'), received)
    assert.equal(received.split('HTTP/1.1').length, 2)
  })

  test('a body that nobody wants ends the connection when it takes too long', async () => {
    await using fabio = await startFabio({ addr })
    await using client = await RawClient.connect(fabio.port)
    assert.equal((await client.ask(request('POST / HTTP/1.1', 'Host: a', 'Content-Length: 10'))).status, 404)
    await client.ended()
  })

  test('an answer may take longer', async () => {
    await using upstream = await startHttpUpstream(asked => setTimeout(() => asked.send(OK), 600))
    await using fabio = await startFabio({ addr, routes: `route add svc / ${upstream.url}` })
    await using client = await RawClient.connect(fabio.port)
    assert.equal((await client.ask(`${request('POST / HTTP/1.1', 'Host: a', 'Content-Length: 2')}ab`)).status, 200)
  })

  test('without it= it ends idle connections too', async () => {
    await using fabio = await startFabio({ addr })
    await using client = await RawClient.connect(fabio.port)
    await client.ask(GET)
    await client.ended()
  })
})

describe('listener options wt and it', () => {
  test('an answer that takes longer than wt ends the connection, and the work of the upstream', async () => {
    await using upstream = await startRawUpstream(() => {})
    await using fabio = await startFabio({ addr: '127.0.0.1:0;wt=200ms', routes: `route add svc / ${upstream.url}` })
    await using client = await RawClient.connect(fabio.port)
    client.send(GET)
    assert.equal(await client.ended(), '')
    await until(
      'the upstream is left',
      () => upstream.connections[0]?.isClosed || upstream.connections[0]?.hasEnded || false,
    )
  })

  test('wt begins anew with each request', async () => {
    await using upstream = await startHttpUpstream(asked => setTimeout(() => asked.send(OK), 150))
    await using fabio = await startFabio({ addr: '127.0.0.1:0;wt=400ms', routes: `route add svc / ${upstream.url}` })
    await using client = await RawClient.connect(fabio.port)
    for (let i = 0; i < 4; i++) assert.equal((await client.ask(GET)).status, 200)
  })

  test('an idle connection ends after it', async () => {
    await using fabio = await startFabio({ addr: '127.0.0.1:0;it=200ms' })
    await using client = await RawClient.connect(fabio.port)
    await client.ask(GET)
    assert.equal(await client.ended(), '')
  })

  test('a request that is worked on is not idle', async () => {
    await using upstream = await startHttpUpstream(asked => setTimeout(() => asked.send(OK), 500))
    await using fabio = await startFabio({ addr: '127.0.0.1:0;it=200ms', routes: `route add svc / ${upstream.url}` })
    await using client = await RawClient.connect(fabio.port)
    for (let i = 0; i < 2; i++) assert.equal((await client.ask(GET)).status, 200)
  })
})

describe('proxy.responseheadertimeout', () => {
  const flags = ['-proxy.responseheadertimeout', '300ms']

  test('an upstream that does not answer in time becomes 504 and is left; the client can go on', async () => {
    await using upstream = await startRawUpstream(({ socket }, piece) => {
      if (piece.includes('/quick')) socket.write(OK)
    })
    await using fabio = await startFabio({ flags, routes: `route add svc / ${upstream.url}` })
    await using client = await RawClient.connect(fabio.port)
    assert.deepEqual([(await client.ask(GET)).status, upstream.connections.length], [504, 1])
    assert.equal((await client.ask(request('GET /quick HTTP/1.1', 'Host: a'))).status, 200)
    await until(
      'the upstream is left',
      () => upstream.connections[0]?.isClosed || upstream.connections[0]?.hasEnded || false,
    )
  })

  test('interim answers give no more time', async () => {
    await using upstream = await startRawUpstream(({ socket }) => {
      const telling = setInterval(() => socket.write('HTTP/1.1 102 Processing\r\n\r\n'), 50)
      socket.on('close', () => clearInterval(telling))
    })
    await using fabio = await startFabio({ flags, routes: `route add svc / ${upstream.url}` })
    await using client = await RawClient.connect(fabio.port)
    client.send(GET)
    let answer = await client.answer()
    while (answer.status === 102) answer = await client.answer()
    assert.equal(answer.status, 504)
  })

  test('neither the time of the request nor that of the body counts', async () => {
    await using upstream = await startHttpUpstream(({ send }) => {
      send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n')
      setTimeout(() => send('o'), 500)
      setTimeout(() => send('k'), 1000)
    })
    await using fabio = await startFabio({ flags, routes: `route add svc / ${upstream.url}` })
    await using client = await RawClient.connect(fabio.port)
    client.send(request('POST / HTTP/1.1', 'Host: a', 'Content-Length: 2'))
    await sleep(500)
    client.send('a')
    await sleep(300)
    assert.equal((await client.ask('b')).body, 'ok')
  })
})

describe('proxy.dialtimeout', () => {
  const flags = ['-proxy.dialtimeout', '300ms', '-proxy.strategy', 'rr']

  test('a connection that does not come about in time becomes 504', async () => {
    await using stalled = await startStalledListener()
    await using fabio = await startFabio({ flags, routes: `route add svc / http://127.0.0.1:${stalled.port}/` })
    await using client = await RawClient.connect(fabio.port)
    const answer = await client.ask(`${request('POST / HTTP/1.1', 'Host: a', 'Content-Length: 5')}hello`)
    assert.deepEqual([answer.status, answer.header('connection')], [504, undefined])
    await until('the log tells', () => fabio.log().includes(`no connection to 127.0.0.1:${stalled.port} in time`))
  })

  test('another target gets the request, whatever its method, whole', async () => {
    await using stalled = await startStalledListener()
    await using upstream = await startHttpUpstream(asked => asked.send(OK))
    const dead = `route add svc / http://127.0.0.1:${stalled.port}/`
    await using fabio = await startFabio({ flags, routes: `${dead}\nroute add svc / ${upstream.url}` })
    const body = 'x'.repeat(200_000)
    for (let i = 0; i < 4; i++) {
      await using client = await RawClient.connect(fabio.port)
      const sent = request('POST / HTTP/1.1', 'Host: a', `Content-Length: ${body.length}`)
      assert.equal((await client.ask(sent + body)).status, 200)
      assert.ok(upstream.requests.at(-1)?.body === body)
    }
  })

  test('a client that leaves while we connect is noticed, even with a large body on its way', async () => {
    await using stalled = await startStalledListener()
    const routes = `route add svc / http://127.0.0.1:${stalled.port}/`
    await using fabio = await startFabio({ routes, flags: ['-log.access.target', 'stdout'] })
    const client = await RawClient.connect(fabio.port)
    client.send(request('POST / HTTP/1.1', 'Host: a', 'Content-Length: 5'))
    client.send('hello')
    await sleep(100)
    await client[Symbol.asyncDispose]()
    await until('the access log tells', () => fabio.output().includes(' 499 '))
  })
})

test('proxy.idleconntimeout ends idle connections to upstreams', async () => {
  await using upstream = await startRawUpstream(answering(OK))
  await using fabio = await startFabio({
    routes: `route add svc / ${upstream.url}`,
    flags: ['-proxy.idleconntimeout', '300ms'],
  })
  await using client = await RawClient.connect(fabio.port)
  await client.ask(GET)
  await until(
    'the connection ends',
    () => upstream.connections[0]?.isClosed || upstream.connections[0]?.hasEnded || false,
  )
  assert.equal((await client.ask(GET)).status, 200)
})

test('proxy.upgradetimeout limits the answer to an upgrade, and nothing else', async () => {
  await using upstream = await startRawUpstream(({ socket }, piece) => {
    if (!piece.includes('pgrade')) setTimeout(() => socket.write(OK), 600)
  })
  await using fabio = await startFabio({
    routes: `route add svc / ${upstream.url}`,
    flags: ['-proxy.upgradetimeout', '200ms'],
  })
  await using client = await RawClient.connect(fabio.port)
  assert.equal(
    (await client.ask(request('GET / HTTP/1.1', 'Host: a', 'Upgrade: websocket', 'Connection: upgrade'))).status,
    504,
  )
  assert.equal((await client.ask(GET)).status, 200)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RawClient, request } from '../harness/raw-client.ts'
import { answering, OK, startRawUpstream } from '../harness/raw-upstream.ts'
import { startFabio } from '../harness/start-fabio.ts'

const GET = request('GET / HTTP/1.1', 'Host: a.test')

test('a request without a route gets 404', async () => {
  await using fabio = await startFabio()
  const response = await fetch(`${fabio.url}/x`)
  assert.deepEqual([response.status, await response.text()], [404, ''])
})

test('requests of one connection are answered in order and reuse one connection to the upstream', async () => {
  await using upstream = await startRawUpstream(answering(OK))
  await using fabio = await startFabio({ routes: `route add svc / ${upstream.url}` })
  await using client = await RawClient.connect(fabio.port)
  for (let i = 1; i <= 20; i++) {
    client.send(GET)
    await client.until(received => received.split('\r\n\r\nok').length > i)
  }
  assert.equal(upstream.connections.length, 1)
})

test('pipelined requests are answered one after the other', async () => {
  await using upstream = await startRawUpstream(({ socket }, piece) => {
    const path = piece.split(' ')[1] ?? ''
    setTimeout(
      () => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`),
      path === '/1' ? 30 : 0,
    )
  })
  await using fabio = await startFabio({ routes: `route add svc / ${upstream.url}` })
  await using client = await RawClient.connect(fabio.port)
  client.send([1, 2, 3, 4].map(i => request(`GET /${i} HTTP/1.1`, 'Host: a')).join(''))
  const received = await client.until(text => text.endsWith('/4'))
  assert.deepEqual(
    received
      .split('\r\n\r\n')
      .slice(1)
      .map(text => text.slice(0, 2)),
    ['/1', '/2', '/3', '/4'],
  )
})

test('a body is passed on as it comes, with framing of our own', async () => {
  await using upstream = await startRawUpstream(({ socket, received }) => {
    if (received.endsWith('0\r\n\r\n')) socket.write(OK)
  })
  await using fabio = await startFabio({ routes: `route add svc / ${upstream.url}` })
  await using client = await RawClient.connect(fabio.port)
  client.send(request('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked'))
  client.send('5;ext=1\r\nhello\r\n')
  await client.until(() => upstream.received().includes('hello'), 2000).catch(() => {})
  client.send('1\r\n!\r\n0\r\n\r\n')
  await client.until(received => received.endsWith('ok'))
  assert.match(upstream.received(), /transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n$/i)
})

test('a large answer to a slow reader arrives whole', async () => {
  const body = Buffer.alloc(8 * 1024 * 1024, 'abcdefghijklmnop')
  await using upstream = await startRawUpstream(({ socket }) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`)
    socket.write(body)
  })
  await using fabio = await startFabio({ routes: `route add svc / ${upstream.url}` })
  await using client = await RawClient.connect(fabio.port)
  client.socket.pause()
  client.send(GET)
  setTimeout(() => client.socket.resume(), 300)
  const received = await client.until(text => text.length > body.length, 20_000)
  await client.until(text => text.slice(text.indexOf('\r\n\r\n') + 4).length === body.length, 20_000)
  assert.ok(
    received.slice(received.indexOf('\r\n\r\n') + 4) ===
      body.toString('latin1').slice(0, received.length - received.indexOf('\r\n\r\n') - 4),
  )
})

test('a large upload to a slow upstream arrives whole', async () => {
  const body = Buffer.alloc(8 * 1024 * 1024, '0123456789')
  let size = 0
  await using upstream = await startRawUpstream(
    ({ socket }, piece) => {
      size += piece.length
      if (size > body.length && piece.endsWith('89') === false) socket.write(OK)
    },
    ({ socket }) => {
      socket.pause()
      setTimeout(() => socket.resume(), 300)
    },
  )
  await using fabio = await startFabio({ routes: `route add svc / ${upstream.url}` })
  await using client = await RawClient.connect(fabio.port)
  client.send(request('POST / HTTP/1.1', 'Host: a', `Content-Length: ${body.length + 1}`))
  client.socket.write(body)
  client.send('!')
  await client.until(received => received.endsWith('ok'), 20_000)
  const received = upstream.received()
  assert.equal(received.slice(received.indexOf('\r\n\r\n') + 4), `${body.toString('latin1')}!`)
})

test('the client leaving ends the upstream request', async () => {
  await using upstream = await startRawUpstream(() => {})
  await using fabio = await startFabio({ routes: `route add svc / ${upstream.url}` })
  const client = await RawClient.connect(fabio.port)
  client.send(GET)
  while (upstream.connections.length === 0 || upstream.received() === '')
    await new Promise(resolve => setImmediate(resolve))
  await client[Symbol.asyncDispose]()
  while (!upstream.connections[0]?.hasEnded && !upstream.connections[0]?.isClosed)
    await new Promise(resolve => setImmediate(resolve))
})

test('the upstream dying within the body ends the client connection', async () => {
  await using upstream = await startRawUpstream(({ socket }) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')
    setTimeout(() => socket.destroy(), 50)
  })
  await using fabio = await startFabio({ routes: `route add svc / ${upstream.url}` })
  await using client = await RawClient.connect(fabio.port)
  client.send(GET)
  assert.ok((await client.ended()).endsWith('half'))
})

test('a request lost on a kept connection is sent once more on a fresh one', async () => {
  let heads = 0
  await using upstream = await startRawUpstream(connection => {
    heads++
    if (heads === 2) connection.socket.destroy()
    else connection.socket.write(OK)
  })
  await using fabio = await startFabio({ routes: `route add svc / ${upstream.url}` })
  await using client = await RawClient.connect(fabio.port)
  client.send(GET)
  await client.until(received => received.endsWith('ok'))
  client.received = ''
  client.send(GET)
  assert.match(await client.until(received => received.endsWith('ok')), /^HTTP\/1\.1 200/)
  assert.equal(upstream.connections.length, 2)
})

test('a POST lost on a kept connection is not sent again', async () => {
  let heads = 0
  await using upstream = await startRawUpstream(connection => {
    heads++
    if (heads === 2) connection.socket.destroy()
    else connection.socket.write(OK)
  })
  await using fabio = await startFabio({ routes: `route add svc / ${upstream.url}` })
  await using client = await RawClient.connect(fabio.port)
  client.send(GET)
  await client.until(received => received.endsWith('ok'))
  client.received = ''
  client.send(`${request('POST / HTTP/1.1', 'Host: a', 'Content-Length: 2')}hi`)
  assert.match(await client.until(received => received.includes('\r\n\r\n')), /^HTTP\/1\.1 502/)
  assert.equal(heads, 2)
})

test('a failed connect moves on to the next target, for a POST too', async () => {
  await using upstream = await startRawUpstream(answering(OK))
  const dead = await startRawUpstream(() => {})
  await dead[Symbol.asyncDispose]()
  const routes = `route add svc / ${dead.url}\nroute add svc / ${upstream.url}`
  await using fabio = await startFabio({ routes, flags: ['-proxy.strategy', 'rr'] })
  for (let i = 0; i < 4; i++) {
    const response = await fetch(fabio.url, { method: 'POST', body: 'x' })
    assert.equal(response.status, 200)
    await response.text()
  }
})

test('bytes that an idle upstream connection sends unasked answer nobody', async () => {
  let count = 0
  await using upstream = await startRawUpstream(({ socket }) => {
    count++
    socket.write(OK)
    if (count === 1) setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'), 20)
  })
  await using fabio = await startFabio({
    routes: `route add svc / ${upstream.url}`,
    flags: ['-runtime.gomaxprocs', '1'],
  })
  await using client = await RawClient.connect(fabio.port)
  client.send(GET)
  await client.until(received => received.endsWith('ok'))
  while (!upstream.connections[0]?.isClosed && !upstream.connections[0]?.hasEnded)
    await new Promise(resolve => setTimeout(resolve, 5))
  client.received = ''
  client.send(GET)
  assert.ok((await client.until(received => received.includes('\r\n\r\n') && received.length > 40)).endsWith('ok'))
  assert.equal(upstream.connections.length, 2)
})

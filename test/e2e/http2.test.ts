import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import http2 from 'node:http2'
import { describe, test } from 'node:test'
import { Http2Client } from '../harness/http-clients.ts'
import { RawClient } from '../harness/raw-client.ts'
import { answering, OK, startRawUpstream } from '../harness/raw-upstream.ts'
import { startDataPath } from '../harness/start-data-path.ts'
import { startFabio } from '../harness/start-fabio.ts'
import { until } from '../harness/until.ts'

const H2C = '127.0.0.1:0;h2c=true'
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
const EMPTY_SETTINGS = '\0\0\0\x04\0\0\0\0\0'

test('HTTP/2 in the clear is taken where the listener says so, beside HTTP/1.1, and nowhere else', async () => {
  await using upstream = await startRawUpstream(answering(OK))
  await using fabio = await startFabio({ addr: `${H2C},127.0.0.1:0`, routes: `route add svc / ${upstream.url}` })
  using client = new Http2Client(fabio.url)
  assert.equal((await client.ask({})).body, 'ok')
  assert.equal(await (await fetch(fabio.url)).text(), 'ok')
  await using other = await RawClient.connect(fabio.ports[1]!)
  other.send(PREFACE)
  assert.match(await other.ended(), /^HTTP\/1\.1 505 /)
})

test('a preface that comes in pieces, or never whole, is none before its end', async () => {
  await using path = await startDataPath({ addr: H2C, flags: ['-proxy.limit.headertimeout', '300ms'] })
  await using slow = await RawClient.connect(path.port)
  for (const piece of [PREFACE.slice(0, 3), PREFACE.slice(3, 20), PREFACE.slice(20) + EMPTY_SETTINGS]) {
    slow.send(piece)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  await slow.until(received => received.startsWith('\0\0') && received[3] === '\x04')
  await using never = await RawClient.connect(path.port)
  never.send('PRI * HT')
  await never.ended()
  await using silent = await RawClient.connect(path.port)
  silent.send(PREFACE)
  await silent.ended()
})

describe('a request', () => {
  test('whose client resets it frees the upstream, and the connection goes on', async () => {
    await using upstream = await startRawUpstream(({ socket }, piece) => {
      if (!piece.includes('/hang')) socket.write(OK)
    })
    await using path = await startDataPath({ addr: H2C, routes: `route add svc / ${upstream.url}` })
    using client = new Http2Client(`http://127.0.0.1:${path.port}`)
    const stream = client.session.request({ ':path': '/hang' })
    stream.on('error', () => {})
    await until('the upstream has it', () => upstream.received().includes('/hang'))
    stream.close(http2.constants.NGHTTP2_CANCEL)
    await until('the upstream is left', () => upstream.connections[0]!.hasEnded)
    assert.equal((await client.ask({})).body, 'ok')
    await until('nothing is kept', () => path.headsInUse === 0)
  })

  for (const [framing, start] of [
    ['a length', 'Content-Length: 100\r\n\r\nhalf'],
    ['chunks', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
  ] as const) {
    test(`whose answer with ${framing} breaks off is reset, not ended`, async () => {
      await using upstream = await startRawUpstream(({ socket }) => {
        socket.write(`HTTP/1.1 200 OK\r\n${start}`, () => socket.destroy())
      })
      await using path = await startDataPath({ addr: H2C, routes: `route add svc / ${upstream.url}` })
      using client = new Http2Client(`http://127.0.0.1:${path.port}`)
      const stream = client.session.request({ ':path': '/' })
      stream.resume()
      const [error] = (await once(stream, 'error')) as [NodeJS.ErrnoException]
      assert.match(error.message, /INTERNAL_ERROR/)
      await until('nothing is kept', () => path.headsInUse === 0)
    })
  }

  test('with a large answer to a slow reader arrives whole, and holds up no other', async () => {
    const body = Buffer.alloc(4 * 1024 * 1024, 'abcdefghijklmnop')
    await using upstream = await startRawUpstream(({ socket }, piece) => {
      if (piece.includes(' /big ')) {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`)
        socket.write(body)
      } else {
        socket.write(OK)
      }
    })
    await using path = await startDataPath({ addr: H2C, routes: `route add svc / ${upstream.url}` })
    using client = new Http2Client(`http://127.0.0.1:${path.port}`)
    await once(client.session, 'connect')
    client.session.setLocalWindowSize(1_048_576)
    const stream = client.session.request({ ':path': '/big' })
    await once(stream, 'response')
    for (let i = 0; i < 3; i++) assert.equal((await client.ask({})).body, 'ok')
    assert.ok(upstream.connections[0]!.socket.writableLength > 0, 'the upstream is slowed down')
    const pieces: Buffer[] = []
    for await (const piece of stream) pieces.push(piece as Buffer)
    assert.ok(Buffer.concat(pieces).equals(body))
  })

  test('with a large body to a slow upstream is slowed down, and arrives whole', async () => {
    const body = Buffer.alloc(4 * 1024 * 1024, 'abcdefghijklmnop')
    let received = 0
    await using upstream = await startRawUpstream(
      ({ socket }, piece) => {
        received += piece.length
        if (piece.endsWith('0\r\n\r\n')) socket.write(OK)
      },
      ({ socket }) => {
        socket.pause()
        setTimeout(() => socket.resume(), 300)
      },
    )
    await using path = await startDataPath({ addr: H2C, routes: `route add svc / ${upstream.url}` })
    using client = new Http2Client(`http://127.0.0.1:${path.port}`)
    assert.equal((await client.ask({ method: 'POST', body: body.toString('latin1') })).body, 'ok')
    assert.ok(received > body.length)
  })

  test('that is answered before its body is whole gets the answer', async () => {
    await using path = await startDataPath({ addr: H2C })
    using client = new Http2Client(`http://127.0.0.1:${path.port}`)
    const stream = client.session.request({ ':path': '/', ':method': 'POST' })
    stream.write('a')
    const [answer] = (await once(stream, 'response')) as [http2.IncomingHttpStatusHeader]
    assert.equal(answer[':status'], 404)
    stream.resume()
    await once(stream, 'close')
    assert.equal(stream.rstCode, http2.constants.NGHTTP2_NO_ERROR)
  })

  test('that names two hosts is refused', async () => {
    await using path = await startDataPath({ addr: H2C })
    using client = new Http2Client(`http://127.0.0.1:${path.port}`)
    assert.equal((await client.ask({ host: 'a.test', headers: { host: 'b.test' } })).status, 400)
    assert.equal((await client.ask({ host: 'a.test', headers: { host: 'A.test' } })).status, 404)
  })

  test('whose cookies come in pieces has them in one line', async () => {
    await using upstream = await startRawUpstream(answering(OK))
    await using path = await startDataPath({ addr: H2C, routes: `route add svc / ${upstream.url}` })
    using client = new Http2Client(`http://127.0.0.1:${path.port}`)
    await client.ask({ headers: { cookie: ['a=1', 'b=2', 'c=3'] } })
    assert.match(upstream.received(), /^cookie: a=1; b=2; c=3\r$/m)
  })

  test('whose upstream is silent for too long gets 504', async () => {
    await using upstream = await startRawUpstream(() => {})
    const flags = ['-proxy.responseheadertimeout', '200ms']
    await using path = await startDataPath({ addr: H2C, routes: `route add svc / ${upstream.url}`, flags })
    using client = new Http2Client(`http://127.0.0.1:${path.port}`)
    assert.equal((await client.ask({})).status, 504)
  })

  test('whose body does not come within `rt` gets 504, and `wt` ends its answer', async () => {
    await using upstream = await startRawUpstream(() => {})
    await using path = await startDataPath({
      addr: `${H2C};rt=200ms,${H2C};wt=200ms`,
      routes: `route add svc / ${upstream.url}`,
    })
    using reading = new Http2Client(`http://127.0.0.1:${path.ports[0]}`)
    const stream = reading.session.request({ ':path': '/', ':method': 'POST' })
    const [answer] = (await once(stream, 'response')) as [http2.IncomingHttpStatusHeader]
    assert.equal(answer[':status'], 504)
    stream.close()
    using writing = new Http2Client(`http://127.0.0.1:${path.ports[1]}`)
    await assert.rejects(writing.ask({}), /INTERNAL_ERROR/)
  })
})

describe('a client', () => {
  test('has as many requests at a time as the limit says', async () => {
    await using upstream = await startRawUpstream(() => {})
    const flags = ['-proxy.limit.http2streams', '3']
    await using path = await startDataPath({ addr: H2C, routes: `route add svc / ${upstream.url}`, flags })
    using client = new Http2Client(`http://127.0.0.1:${path.port}`)
    const [settings] = (await once(client.session, 'remoteSettings')) as [http2.Settings]
    assert.equal(settings.maxConcurrentStreams, 3)
    for (let i = 0; i < 5; i++) client.session.request({ ':path': '/' }).on('error', () => {})
    await until('three are there', () => upstream.connections.length === 3)
  })

  test('that resets one request after the other is sent away', async () => {
    await using upstream = await startRawUpstream(() => {})
    const flags = ['-proxy.limit.http2resets', '20']
    await using path = await startDataPath({ addr: H2C, routes: `route add svc / ${upstream.url}`, flags })
    using client = new Http2Client(`http://127.0.0.1:${path.port}`)
    const goaway = once(client.session, 'goaway')
    for (let i = 0; i < 60; i++) {
      const stream = client.session.request({ ':path': '/' })
      stream.on('error', () => {})
      stream.once('ready', () => stream.close(http2.constants.NGHTTP2_CANCEL))
    }
    await goaway
    await until('nothing is left of it', () => path.services[0]!.size === 0)
  })

  test('that sends too many header lines is told so, and one that sends far too many is cut short', async () => {
    const flags = ['-proxy.limit.headercount', '10']
    await using path = await startDataPath({ addr: H2C, flags })
    using client = new Http2Client(`http://127.0.0.1:${path.port}`)
    const lines = (count: number): Record<string, string> =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`x-${i}`, 'v']))
    assert.equal((await client.ask({ headers: lines(5) })).status, 404)
    assert.equal((await client.ask({ headers: lines(12) })).status, 431)
    await assert.rejects(client.ask({ headers: lines(100) }), /ENHANCE_YOUR_CALM/)
    assert.equal((await client.ask({})).status, 404)
  })

  test('that has nothing to ask for longer than `it` is left', async () => {
    await using path = await startDataPath({ addr: `${H2C};it=300ms` })
    using client = new Http2Client(`http://127.0.0.1:${path.port}`)
    assert.equal((await client.ask({})).status, 404)
    await once(client.session, 'close')
  })
})

describe('a stopping router', () => {
  test('says so twice, and serves what was on its way in between', async () => {
    let answer = (): void => {}
    await using upstream = await startRawUpstream(({ socket }, piece) => {
      if (piece.includes(' /slow ')) answer = () => void socket.write(OK)
      else socket.write(OK)
    })
    await using path = await startDataPath({ addr: H2C, routes: `route add svc / ${upstream.url}` })
    using client = new Http2Client(`http://127.0.0.1:${path.port}`)
    const goaways: number[] = []
    client.session.on('goaway', (_code, lastStreamId) => goaways.push(lastStreamId))
    const slow = client.ask({ path: '/slow' })
    await until('the upstream has it', () => upstream.received().includes('/slow'))
    path.services[0]!.drain()
    await until('the client is told', () => goaways.length >= 1)
    answer()
    assert.equal((await slow).body, 'ok')
    await until('the connection is gone', () => path.services[0]!.size === 0)
    assert.equal(goaways[0], 2 ** 31 - 1)
    assert.equal(goaways.at(-1), 1)
  })
})

describe('a WebSocket over HTTP/2', () => {
  const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

  test('is a WebSocket to the upstream, and bytes pass both ways until one side ends', async () => {
    await using upstream = await startRawUpstream((connection, piece) => {
      const key = /sec-websocket-key: (\S+)\r\n/i.exec(piece)?.[1]
      if (key === undefined) return void connection.socket.write(piece.startsWith('GET ') ? OK : `<${piece}>`, 'latin1')
      const accept = createHash('sha1')
        .update(key + GUID)
        .digest('base64')
      connection.socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: chat\r\n\r\nhello`,
      )
    })
    await using path = await startDataPath({ addr: H2C, routes: `route add svc / ${upstream.url}` })
    using client = new Http2Client(`http://127.0.0.1:${path.port}`)
    await once(client.session, 'remoteSettings')
    assert.equal(client.session.remoteSettings.enableConnectProtocol, true)
    const stream = client.session.request({
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':scheme': 'http',
      ':path': '/ws?x=1',
      ':authority': 'a.test',
      'sec-websocket-version': '13',
      'sec-websocket-protocol': 'chat',
    })
    let received = ''
    stream.on('data', (bytes: Buffer) => {
      received += bytes.toString('latin1')
    })
    const [answer] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader]
    assert.deepEqual(
      [answer[':status'], answer['sec-websocket-protocol'], answer['sec-websocket-accept']],
      [200, 'chat', undefined],
    )
    assert.match(upstream.received(), /^GET \/ws\?x=1 HTTP\/1\.1\r\nHost: a\.test\r\n/)
    assert.match(upstream.received(), /\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n/)
    stream.write('ping')
    await until('it comes back', () => received === 'hello<ping>')
    assert.equal((await client.ask({ path: '/none', host: 'b.test' })).status, 200)
    upstream.connections[0]!.socket.end()
    await once(stream, 'end')
    stream.end()
    await once(stream, 'close')
    await until('the upstream is left', () => upstream.connections[0]!.isClosed)
    await until('nothing is kept', () => path.headsInUse === 0)
  })

  test('that the upstream does not want is refused, and never looks accepted', async () => {
    for (const [status, seen] of [
      ['403 Forbidden', 403],
      ['200 OK', 502],
    ] as const) {
      await using upstream = await startRawUpstream(answering(`HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\nno`))
      await using path = await startDataPath({ addr: H2C, routes: `route add svc / ${upstream.url}` })
      using client = new Http2Client(`http://127.0.0.1:${path.port}`)
      await once(client.session, 'remoteSettings')
      const connect = {
        ':method': 'CONNECT',
        ':protocol': 'websocket',
        ':scheme': 'http',
        ':path': '/',
        ':authority': 'a',
      }
      const stream = client.session.request(connect)
      const [answer] = (await once(stream, 'response')) as [http2.IncomingHttpStatusHeader]
      assert.equal(answer[':status'], seen)
      stream.close()
    }
  })

  test('is the only protocol that may be asked for', async () => {
    await using path = await startDataPath({ addr: H2C, routes: 'route add svc / http://127.0.0.1:1/' })
    using client = new Http2Client(`http://127.0.0.1:${path.port}`)
    await once(client.session, 'remoteSettings')
    const stream = client.session.request({
      ':method': 'CONNECT',
      ':protocol': 'connect-udp',
      ':scheme': 'http',
      ':path': '/',
      ':authority': 'a',
    })
    const [answer] = (await once(stream, 'response')) as [http2.IncomingHttpStatusHeader]
    assert.equal(answer[':status'], 501)
    const plain = client.session.request({ ':method': 'CONNECT', ':authority': 'a:443' })
    const [other] = (await once(plain, 'response')) as [http2.IncomingHttpStatusHeader]
    assert.equal(other[':status'], 404)
  })
})

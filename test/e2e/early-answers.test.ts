import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { RawClient, request } from '../harness/raw-client.ts'
import { OK, type RawUpstream, startRawUpstream, type UpstreamConnection } from '../harness/raw-upstream.ts'
import { type RunningFabio, startFabio } from '../harness/start-fabio.ts'
import { until } from '../harness/until.ts'

const LARGE = Buffer.alloc(20 * 1024 * 1024, 'upload')
const TOO_LARGE = 'HTTP/1.1 413 Content Too Large\r\nContent-Length: 8\r\n\r\ntoo much'

let upstream: RawUpstream
let fabio: RunningFabio
const behaviours = new Map<string, (connection: UpstreamConnection, received: string) => void>()

before(async () => {
  upstream = await startRawUpstream(connection => {
    const target = /^\S+ (\S+) /.exec(connection.received)?.[1] ?? ''
    const behaviour = behaviours.get(target)
    if (behaviour !== undefined) behaviour(connection, connection.received)
    else if (connection.received.endsWith('\r\n\r\n')) connection.socket.write(OK)
  })
  const routes = [
    `route add svc / ${upstream.url}`,
    `route add shut /denied ${upstream.url} opts "allow=ip:10.9.8.7"`,
    `route add moved /moved http://b.test/ opts "redirect=301"`,
    'route add gone none.test/ http://127.0.0.1:9/',
  ]
  fabio = await startFabio({ routes: routes.join('\n'), flags: ['-proxy.maxconn', '0'] })
})

after(async () => {
  await fabio[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

const THEN = ['goes on reading', 'stops reading', 'hangs up', 'hangs up with a reset'] as const

/** Answers at the head, once, and reads no more or hangs up. */
function answersAtOnce(bytes: string, then: (typeof THEN)[number]) {
  return (connection: UpstreamConnection, received: string): void => {
    if (!received.includes('\r\n\r\n') || connection.socket.bytesWritten > 0) return
    connection.socket.write(bytes)
    if (then === 'stops reading') connection.socket.pause()
    if (then === 'hangs up') connection.socket.end()
    if (then === 'hangs up with a reset') connection.socket.pause().destroySoon()
  }
}

describe('an upstream that answers while the client still sends', () => {
  for (const then of THEN) {
    for (const framing of ['with a length', 'in chunks']) {
      test(`and ${then}: the answer reaches the client whole, then the connection ends (${framing})`, async () => {
        const target = `/413-${then.replaceAll(' ', '-')}`
        behaviours.set(target, answersAtOnce(TOO_LARGE, then))
        for (let i = 0; i < (then === 'hangs up with a reset' ? 20 : 5); i++) {
          await using client = await RawClient.connect(fabio.port)
          const lines = framing === 'in chunks' ? ['Transfer-Encoding: chunked'] : [`Content-Length: ${LARGE.length}`]
          const chunk = framing === 'in chunks' ? `${LARGE.length.toString(16)}\r\n` : ''
          client.send(`${request(`POST ${target} HTTP/1.1`, 'Host: a', ...lines)}${chunk}`)
          client.socket.write(LARGE)
          const answer = await client.answer('POST')
          assert.deepEqual([answer.status, answer.body, answer.header('connection')], [413, 'too much', 'close'])
          await client.ended()
        }
      })
    }
  }

  test('a client that reads only when it has sent everything gets the answer too', async () => {
    behaviours.set('/late', answersAtOnce(TOO_LARGE, 'hangs up'))
    await using client = await RawClient.connect(fabio.port)
    client.socket.pause()
    client.send(request('POST /late HTTP/1.1', 'Host: a', `Content-Length: 200000`))
    for (let i = 0; i < 20; i++) {
      client.socket.write(LARGE.subarray(0, 10_000))
      await new Promise(resolve => setImmediate(resolve))
    }
    client.socket.resume()
    assert.equal((await client.answer('POST')).status, 413)
  })

  test('a small rest of the body is read, and the connection goes on', async () => {
    behaviours.set('/small', answersAtOnce(OK, 'goes on reading'))
    await using client = await RawClient.connect(fabio.port)
    const answer = await client.ask(`${request('POST /small HTTP/1.1', 'Host: a', 'Content-Length: 1000')}beginning`)
    assert.deepEqual([answer.body, answer.header('connection')], ['ok', undefined])
    client.send('x'.repeat(1000 - 'beginning'.length))
    assert.equal((await client.ask(request('GET /next HTTP/1.1', 'Host: a'))).body, 'ok')
    await until('the upstream of the unfinished request is left', () =>
      upstream.connections.some(
        ({ received, isClosed, hasEnded }) => received.includes('/small') && (isClosed || hasEnded),
      ),
    )
  })

  test('both bodies can be under way at a time', async () => {
    behaviours.set('/echo', ({ socket }, received) => {
      if (socket.bytesWritten === 0) socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      if (received.endsWith('ping\r\n')) socket.write('4\r\npong\r\n')
      if (received.endsWith('0\r\n\r\n')) socket.write('0\r\n\r\n')
    })
    await using client = await RawClient.connect(fabio.port)
    client.send(request('POST /echo HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked'))
    for (let i = 1; i <= 5; i++) {
      client.send('4\r\nping\r\n')
      await client.until(received => received.split('pong').length > i)
    }
    client.send('0\r\n\r\n')
    assert.equal((await client.answer('POST')).body, 'pong'.repeat(5))
  })
})

describe('an answer of ours while the client still sends', () => {
  for (const { name, target, host = 'a', status } of [
    { name: 'an access rule', target: '/denied', status: 403 },
    { name: 'a redirect', target: '/moved', status: 301 },
    { name: 'no upstream', target: '/', host: 'none.test', status: 502 },
  ]) {
    test(`${name}: a large body is not waited for, and the client gets its ${status}`, async () => {
      await using client = await RawClient.connect(fabio.port)
      client.send(request(`POST ${target} HTTP/1.1`, `Host: ${host}`, `Content-Length: ${LARGE.length}`))
      client.socket.write(LARGE)
      const answer = await client.answer('POST')
      assert.deepEqual([answer.status, answer.header('connection')], [status, 'close'])
      await client.ended()
    })

    test(`${name}: a small body is read, and the connection goes on behind ${status}`, async () => {
      await using client = await RawClient.connect(fabio.port)
      for (let i = 0; i < 3; i++) {
        const sent = request(`POST ${target} HTTP/1.1`, `Host: ${host}`, 'Content-Length: 5')
        const answer = await client.ask(`${sent}hello`)
        assert.deepEqual([answer.status, answer.header('connection')], [status, undefined])
      }
    })

    test(`${name}: a small body that comes after the ${status} is read too`, async () => {
      await using client = await RawClient.connect(fabio.port)
      for (let i = 0; i < 3; i++) {
        const sent = request(`POST ${target} HTTP/1.1`, `Host: ${host}`, 'Content-Length: 5')
        assert.equal((await client.ask(sent)).status, status)
        client.send('hello')
      }
    })
  }
})

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { RawClient, request } from '../harness/raw-client.ts'
import { OK, type RawUpstream, startRawUpstream } from '../harness/raw-upstream.ts'
import { type RunningFabio, startFabio } from '../harness/start-fabio.ts'
import { until } from '../harness/until.ts'

interface Hostile {
  readonly name: string
  readonly bytes: string
  /** The upstream hangs up behind them. */
  readonly closes?: boolean
}

let upstream: RawUpstream
let fabio: RunningFabio
const answers = new Map<string, Hostile>()

before(async () => {
  upstream = await startRawUpstream((connection, piece) => {
    const hostile = answers.get(piece.split(' ')[1] ?? '')
    connection.socket.write(hostile?.bytes ?? OK, 'latin1')
    if (hostile?.closes) connection.socket.end()
  })
  fabio = await startFabio({ routes: `route add svc / ${upstream.url}` })
})

after(async () => {
  await fabio[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

function targetOf(hostile: Hostile): string {
  const target = `/${encodeURIComponent(hostile.name)}`
  answers.set(target, hostile)
  return target
}

/** The connection on which the upstream was asked for this. */
async function untilHungUp(target: string): Promise<void> {
  await until('the router hangs up on the upstream', () =>
    upstream.connections.some(
      ({ received, isClosed, hasEnded }) => received.includes(target) && (isClosed || hasEnded),
    ),
  )
}

const HEAD = 'HTTP/1.1 200 OK\r\n'

describe('an answer that is not acceptable HTTP', () => {
  for (const { status, ...hostile } of [
    { name: 'garbage', bytes: 'garbage\r\n\r\n', status: 500 },
    { name: 'garbage without line end', bytes: 'garbage', status: 500 },
    { name: 'the beginning of garbage', bytes: 'HTTQ', status: 500 },
    { name: 'HTTP/0.9', bytes: '<html>hello</html>', closes: true, status: 500 },
    { name: 'SSH', bytes: 'SSH-2.0-OpenSSH_9.6\r\n', status: 500 },
    { name: 'TLS', bytes: '\x15\x03\x01\x00\x02\x02\x46', status: 500 },
    { name: 'HTTP/2', bytes: 'HTTP/2 200\r\n\r\n', status: 500 },
    { name: 'LF between lines', bytes: 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok', status: 500 },
    { name: 'LF in the middle', bytes: `${HEAD}A: 1\nContent-Length: 2\r\n\r\nok`, status: 500 },
    { name: 'LF in a head that goes on', bytes: `${HEAD}A: 1\nB: 2`, status: 500 },
    { name: 'CR at the beginning of a line', bytes: `${HEAD}\rA: 1\r\n\r\n`, status: 500 },
    { name: 'a folded line', bytes: `${HEAD}A: 1\r\n 2\r\n\r\n`, status: 500 },
    { name: 'a line without colon', bytes: `${HEAD}A\r\n\r\n`, status: 500 },
    { name: 'NUL in a value', bytes: `${HEAD}A: \0\r\n\r\n`, status: 500 },
    { name: 'two different lengths', bytes: `${HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok!`, status: 500 },
    { name: 'two equal lengths', bytes: `${HEAD}Content-Length: 2\r\nContent-Length: 2\r\n\r\nok`, status: 500 },
    { name: 'a negative length', bytes: `${HEAD}Content-Length: -2\r\n\r\nok`, status: 500 },
    {
      name: 'a length and chunks',
      bytes: `${HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      status: 500,
    },
    { name: 'an unknown coding', bytes: `${HEAD}Transfer-Encoding: gzip\r\n\r\n`, status: 500 },
    {
      name: 'chunks of HTTP/1.0',
      bytes: 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      status: 500,
    },
    {
      name: 'a change of protocol unasked',
      bytes: 'HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
      status: 500,
    },
    { name: 'an interim answer of HTTP/1.0', bytes: `HTTP/1.0 100 Continue\r\n\r\n${OK}`, status: 500 },
    {
      name: 'an interim answer that ends the connection',
      bytes: `HTTP/1.1 103 X\r\nConnection: close\r\n\r\n${OK}`,
      status: 500,
    },
    { name: 'a head without end', bytes: `${HEAD}A: ${'a'.repeat(1_100_000)}`, status: 500 },
    { name: 'a head that is too large', bytes: `${HEAD}A: ${'a'.repeat(1_100_000)}\r\n\r\n`, status: 500 },
    { name: 'too many lines', bytes: `${HEAD}${'A: 1\r\n'.repeat(20_000)}\r\n`, status: 500 },
    { name: 'interim answers without end', bytes: 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(30_000), status: 500 },
    { name: 'a head that is cut', bytes: `${HEAD}A: 1`, closes: true, status: 500 },
    { name: 'nothing', bytes: '', closes: true, status: 502 },
    { name: 'an interim answer and nothing', bytes: 'HTTP/1.1 103 Early Hints\r\n\r\n', closes: true, status: 502 },
  ]) {
    test(`${hostile.name} becomes ${status}; the upstream is left, the client can go on`, async () => {
      await using client = await RawClient.connect(fabio.port)
      const target = targetOf(hostile)
      client.send(request(`GET ${target} HTTP/1.1`, 'Host: a'))
      let answer = await client.answer()
      while (answer.status < 200) answer = await client.answer()
      assert.deepEqual([answer.status, answer.body], [status, ''])
      await untilHungUp(target)
      assert.equal((await client.ask(request('GET /ok HTTP/1.1', 'Host: a'))).body, 'ok')
    })
  }
})

describe('an answer whose body is not what it says', () => {
  for (const hostile of [
    { name: 'a bad chunk size', bytes: `${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\nx\r\n` },
    { name: 'a chunk that is too long', bytes: `${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nokok\r\n0\r\n\r\n` },
    {
      name: 'a length in the trailers',
      bytes: `${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nContent-Length: 2\r\n\r\n`,
    },
    { name: 'a body that is cut', bytes: `${HEAD}Content-Length: 20\r\n\r\nok`, closes: true },
    { name: 'chunks that are cut', bytes: `${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n`, closes: true },
    {
      name: 'a last chunk that is cut',
      bytes: `${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n`,
      closes: true,
    },
  ]) {
    test(`${hostile.name} does not look whole to the client`, async () => {
      await using client = await RawClient.connect(fabio.port)
      client.send(request(`GET ${targetOf(hostile)} HTTP/1.1`, 'Host: a'))
      const received = await client.ended()
      assert.match(received, /^$|^HTTP\/1\.1 200 OK\r\n/)
      assert.doesNotMatch(received, /0\r\n\r\n$/)
      const length = /content-length: (\d+)/i.exec(received)?.[1]
      if (length !== undefined) assert.ok(received.length - received.indexOf('\r\n\r\n') - 4 < Number(length))
    })

    test(`${hostile.name} does not look whole to HTTP/1.0, where the end is the end of the connection`, async () => {
      await using client = await RawClient.connect(fabio.port)
      client.send(request(`GET ${targetOf(hostile)} HTTP/1.0`, 'Host: a'))
      const received = await client.ended()
      assert.ok(client.error !== undefined || /content-length: 20/i.test(received), 'reset, or shorter than it says')
    })
  }

  test('bytes behind an answer end the connection to the upstream and answer nobody', async () => {
    const hostile = { name: 'more than was asked for', bytes: `${OK}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil` }
    await using client = await RawClient.connect(fabio.port)
    const target = targetOf(hostile)
    assert.equal((await client.ask(request(`GET ${target} HTTP/1.1`, 'Host: a'))).body, 'ok')
    await untilHungUp(target)
    assert.equal((await client.ask(request('GET /ok HTTP/1.1', 'Host: a'))).body, 'ok')
    assert.equal(client.received, '')
  })

  for (const head of ['HTTP/1.1 204 No Content', 'HTTP/1.1 304 Not Modified']) {
    test(`a body behind ${head} answers nobody`, async () => {
      const hostile = { name: head, bytes: `${head}\r\nContent-Length: 4\r\n\r\nevil` }
      await using client = await RawClient.connect(fabio.port)
      const target = targetOf(hostile)
      await client.ask(request(`GET ${target} HTTP/1.1`, 'Host: a'))
      await untilHungUp(target)
      assert.equal((await client.ask(request('GET /ok HTTP/1.1', 'Host: a'))).body, 'ok')
      assert.equal(client.received, '')
    })
  }

  test('a body behind the answer to HEAD answers nobody', async () => {
    const hostile = { name: 'head with a body', bytes: `${HEAD}Content-Length: 4\r\n\r\nevil` }
    await using client = await RawClient.connect(fabio.port)
    await client.ask(request(`HEAD ${targetOf(hostile)} HTTP/1.1`, 'Host: a'))
    assert.equal((await client.ask(request('GET /ok HTTP/1.1', 'Host: a'))).body, 'ok')
    assert.equal(client.received, '')
  })
})

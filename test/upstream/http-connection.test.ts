import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Deadlines } from '../../src/socket/deadlines.ts'
import { Upstreams } from '../../src/upstream/upstreams.ts'
import { OK, startRawUpstream } from '../harness/raw-upstream.ts'
import { until } from '../harness/until.ts'
import { RecordedAnswer } from './recorded-answer.ts'

/** What comes of one request to an upstream that sends these pieces, 20 ms apart, and then ends as it is told. */
async function answerTo(
  pieces: readonly string[],
  given: { ending?: 'ends' | 'breaks'; upgrade?: string; responseHeaderTimeoutMs?: number } = {},
): Promise<{ answer: RecordedAnswer; open: number }> {
  const { ending, upgrade, responseHeaderTimeoutMs = 0 } = given
  await using upstream = await startRawUpstream(({ socket }) => {
    for (const [i, piece] of pieces.entries()) setTimeout(() => socket.write(piece, 'latin1'), 20 * i)
    setTimeout(() => {
      if (ending === 'ends') socket.end()
      if (ending === 'breaks') socket.resetAndDestroy()
    }, 20 * pieces.length)
  })
  using deadlines = new Deadlines()
  using upstreams = new Upstreams(
    deadlines,
    { dialTimeoutMs: 0, keepAliveTimeoutMs: 0, grpcShutdownTimeoutMs: 0 },
    { maxHeadBytes: 1000, maxHeaders: 10, responseHeaderTimeoutMs, maxIdle: 1, idleTimeoutMs: 0, maxConnections: 0 },
  )
  const pool = upstreams.acquire({ host: '127.0.0.1', port: upstream.port })
  const answer = new RecordedAnswer(upgrade).ask(pool)
  await until('it is over', () => {
    const { trailers, fault, switched } = answer
    return trailers !== undefined || fault !== undefined || switched !== undefined
  })
  return { answer, open: pool.open }
}

describe('an answer', () => {
  test('is read whole however it is cut', async () => {
    const text = `HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nA: 1\r\n\r\n`
    for (const size of [1000, 13, 5]) {
      const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, i) =>
        text.slice(i * size, (i + 1) * size),
      )
      const { answer } = await answerTo(pieces)
      assert.deepEqual(
        [answer.interims, answer.status, answer.bodyKind, answer.body, answer.trailers],
        [[103], 200, 'chunked', 'ok', 'A: 1\r\n'],
      )
    }
  })

  test('without a length ends with the connection', async () => {
    const { answer } = await answerTo(['HTTP/1.1 200 OK\r\n\r\n', 'all ', 'of it'], { ending: 'ends' })
    assert.deepEqual([answer.bodyKind, answer.body, answer.trailers], ['until-close', 'all of it', ''])
  })
})

for (const { name, pieces, given, fault } of [
  { name: 'nothing and the end', pieces: [], given: { ending: 'ends' as const }, fault: 'no-answer' },
  { name: 'nothing and a reset', pieces: [], given: { ending: 'breaks' as const }, fault: 'no-answer' },
  { name: 'half a head and the end', pieces: ['HTTP/1.1 2'], given: { ending: 'ends' as const }, fault: 'cut-head' },
  { name: 'half a head and a reset', pieces: ['HTTP/1.1 2'], given: { ending: 'breaks' as const }, fault: 'cut-head' },
  { name: 'half a body and the end', pieces: [OK.slice(0, -1)], given: { ending: 'ends' as const }, fault: 'cut-body' },
  {
    name: 'half a body and a reset',
    pieces: [OK.slice(0, -1)],
    given: { ending: 'breaks' as const },
    fault: 'cut-body',
  },
  {
    name: 'a body without length and a reset',
    pieces: ['HTTP/1.1 200 OK\r\n\r\nx'],
    given: { ending: 'breaks' as const },
    fault: 'cut-body',
  },
  { name: 'a malformed head', pieces: ['HTTP/1.1 200 OK\r\nA\r\n\r\n'], fault: 'malformed' },
  { name: 'a malformed chunk', pieces: ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx'], fault: 'cut-body' },
  {
    name: 'a head that is too large',
    pieces: [`HTTP/1.1 200 OK\r\nA: ${'a'.repeat(1000)}\r\n\r\n`],
    fault: 'malformed',
  },
  {
    name: 'a head that is too large, in pieces',
    pieces: ['HTTP/1.1 200 OK\r\nA: ', 'a'.repeat(1000)],
    fault: 'malformed',
  },
  { name: 'too many lines', pieces: [`HTTP/1.1 200 OK\r\n${'A: 1\r\n'.repeat(11)}\r\n`], fault: 'malformed' },
  { name: 'a change of protocol unasked', pieces: ['HTTP/1.1 101 X\r\nUpgrade: a\r\n\r\n'], fault: 'malformed' },
  {
    name: 'a change to another protocol',
    pieces: ['HTTP/1.1 101 X\r\nUpgrade: b\r\n\r\n'],
    given: { upgrade: 'a' },
    fault: 'malformed',
  },
  { name: 'nothing in time', pieces: [], given: { responseHeaderTimeoutMs: 100 }, fault: 'head-timeout' },
]) {
  test(`${name} is '${fault}', and the connection is left`, async () => {
    const { answer } = await answerTo(pieces, given)
    assert.equal(answer.fault, fault)
    await until('the connection is gone', () => answer.connection?.link.isOpen === false)
  })
}

test('a change of protocol gives the link away, with what came behind the head', async () => {
  const { answer, open } = await answerTo(['HTTP/1.1 101 X\r\nUpgrade: A/1\r\n\r\nmore'], { upgrade: 'b, a/1' })
  assert.equal(answer.switched?.rest, 'more')
  assert.equal(open, 0, 'the pool has nothing to do with it any more')
  answer.switched?.link.destroy()
})

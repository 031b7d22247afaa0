import assert from 'node:assert/strict'
import { constants } from 'node:http2'
import { after, before, describe, test } from 'node:test'
import {
  errorCode,
  FLAG,
  FRAME,
  type Frame,
  fieldBlock,
  frame,
  PREFACE,
  readFrames,
  requestBlock,
  uint,
} from '../harness/http2-frames.ts'
import { RawClient } from '../harness/raw-client.ts'
import { answering, OK, type RawUpstream, startRawUpstream } from '../harness/raw-upstream.ts'
import { type DataPath, startDataPath } from '../harness/start-data-path.ts'
import { until } from '../harness/until.ts'

// RFC 9113 and RFC 7541 on raw frames: what a connection, or a stream, has to end for, and that no such client costs anybody else
// anything.

const SETTINGS = frame(FRAME.settings, 0, 0)
const START = PREFACE + SETTINGS
const END = FLAG.endStream | FLAG.endHeaders
const GET = frame(FRAME.headers, END, 1, requestBlock())
const POST = fieldBlock(':method', 'POST', ':scheme', 'http', ':path', '/', ':authority', 'a.test')

const {
  NGHTTP2_PROTOCOL_ERROR: PROTOCOL,
  NGHTTP2_INTERNAL_ERROR: INTERNAL,
  NGHTTP2_FRAME_SIZE_ERROR: FRAME_SIZE,
  NGHTTP2_FLOW_CONTROL_ERROR: FLOW_CONTROL,
  NGHTTP2_STREAM_CLOSED: CLOSED,
  NGHTTP2_COMPRESSION_ERROR: COMPRESSION,
  NGHTTP2_ENHANCE_YOUR_CALM: CALM,
} = constants

type Outcome =
  /** The connection ends, with GOAWAY and one of these codes where it has time to say so. */
  | { readonly connection: readonly number[] }
  /** This stream ends with RST_STREAM or the connection does, with one of these codes. */
  | { readonly stream: number; readonly codes: readonly number[] }

const CASES: readonly (readonly [name: string, sent: string, outcome: Outcome])[] = [
  ['a first frame that is no SETTINGS', PREFACE + frame(FRAME.ping, 0, 0, '12345678'), { connection: [PROTOCOL] }],
  ['DATA on stream 0', START + frame(FRAME.data, 0, 0, 'x'), { connection: [PROTOCOL] }],
  ['DATA on an idle stream', START + frame(FRAME.data, FLAG.endStream, 1, 'x'), { connection: [PROTOCOL, CLOSED] }],
  [
    'DATA padded beyond its length',
    START + frame(FRAME.headers, FLAG.endHeaders, 1, POST) + frame(FRAME.data, FLAG.padded, 1, '\xffx'),
    { connection: [PROTOCOL] },
  ],
  ['HEADERS on stream 0', START + frame(FRAME.headers, END, 0, requestBlock()), { connection: [PROTOCOL] }],
  ['HEADERS on an even stream', START + frame(FRAME.headers, END, 2, requestBlock()), { connection: [PROTOCOL] }],
  [
    'a frame between HEADERS and CONTINUATION',
    START + frame(FRAME.headers, FLAG.endStream, 1, requestBlock()) + frame(FRAME.ping, 0, 0, '12345678'),
    { connection: [PROTOCOL] },
  ],
  [
    'CONTINUATION without HEADERS',
    START + frame(FRAME.continuation, FLAG.endHeaders, 1, requestBlock()),
    { connection: [PROTOCOL] },
  ],
  ['RST_STREAM on an idle stream', START + frame(FRAME.resetStream, 0, 1, uint(8, 4)), { connection: [PROTOCOL] }],
  [
    'RST_STREAM of three bytes',
    START + frame(FRAME.headers, FLAG.endHeaders, 1, POST) + frame(FRAME.resetStream, 0, 1, 'abc'),
    { connection: [FRAME_SIZE] },
  ],
  ['PRIORITY of three bytes', START + frame(FRAME.priority, 0, 1, 'abc'), { connection: [FRAME_SIZE] }],
  [
    'SETTINGS with ACK and content',
    START + frame(FRAME.settings, FLAG.ack, 0, uint(1, 2) + uint(1, 4)),
    { connection: [FRAME_SIZE] },
  ],
  ['SETTINGS on a stream', START + frame(FRAME.settings, 0, 1), { connection: [PROTOCOL] }],
  ['SETTINGS of five bytes', START + frame(FRAME.settings, 0, 0, 'abcde'), { connection: [FRAME_SIZE] }],
  ['ENABLE_PUSH of 2', START + frame(FRAME.settings, 0, 0, uint(2, 2) + uint(2, 4)), { connection: [PROTOCOL] }],
  [
    'INITIAL_WINDOW_SIZE above the largest',
    START + frame(FRAME.settings, 0, 0, uint(4, 2) + uint(2 ** 31, 4)),
    { connection: [FLOW_CONTROL] },
  ],
  [
    'MAX_FRAME_SIZE below the smallest',
    START + frame(FRAME.settings, 0, 0, uint(5, 2) + uint(16_383, 4)),
    { connection: [PROTOCOL] },
  ],
  [
    'PUSH_PROMISE of a client',
    START + frame(FRAME.pushPromise, FLAG.endHeaders, 1, uint(2, 4) + requestBlock()),
    { connection: [PROTOCOL] },
  ],
  ['PING on a stream', START + frame(FRAME.ping, 0, 1, '12345678'), { connection: [PROTOCOL] }],
  ['PING of six bytes', START + frame(FRAME.ping, 0, 0, '123456'), { connection: [FRAME_SIZE] }],
  ['GOAWAY on a stream', START + frame(FRAME.goaway, 0, 1, uint(0, 8)), { connection: [PROTOCOL] }],
  [
    'WINDOW_UPDATE of 0 on the connection',
    START + frame(FRAME.windowUpdate, 0, 0, uint(0, 4)),
    { connection: [PROTOCOL] },
  ],
  [
    'WINDOW_UPDATE of 0 on a stream',
    START + frame(FRAME.headers, FLAG.endHeaders, 1, POST) + frame(FRAME.windowUpdate, 0, 1, uint(0, 4)),
    { stream: 1, codes: [PROTOCOL] },
  ],
  ['WINDOW_UPDATE on an idle stream', START + frame(FRAME.windowUpdate, 0, 1, uint(1, 4)), { connection: [PROTOCOL] }],
  [
    'WINDOW_UPDATE beyond the largest window',
    START + frame(FRAME.windowUpdate, 0, 0, uint(2 ** 31 - 1, 4)).repeat(2),
    { connection: [FLOW_CONTROL] },
  ],
  [
    'a frame larger than allowed',
    START + frame(FRAME.headers, FLAG.endHeaders, 1, POST) + frame(FRAME.data, 0, 1, 'x'.repeat(16_385)),
    { connection: [FRAME_SIZE] },
  ],
  [
    'a field block that ends within a field',
    START + frame(FRAME.headers, END, 1, '\0\x05ab'),
    { connection: [COMPRESSION] },
  ],
  ['an index of no table', START + frame(FRAME.headers, END, 1, '\xc6'), { connection: [COMPRESSION] }],
  [
    'a table size larger than allowed',
    START + frame(FRAME.headers, END, 1, `\x3f\xe2\xff\x03${requestBlock()}`),
    { connection: [COMPRESSION] },
  ],
  [
    'an upper-case field name',
    START + frame(FRAME.headers, END, 1, requestBlock('X-A', '1')),
    { stream: 1, codes: [PROTOCOL] },
  ],
  [
    'a line break in a value',
    START + frame(FRAME.headers, END, 1, requestBlock('x-broken', 'a\r\nx-smuggled: b')),
    { stream: 1, codes: [PROTOCOL] },
  ],
  [
    'a field of the connection',
    START + frame(FRAME.headers, END, 1, requestBlock('connection', 'close')),
    { stream: 1, codes: [PROTOCOL] },
  ],
  [
    'Transfer-Encoding',
    START + frame(FRAME.headers, END, 1, requestBlock('transfer-encoding', 'chunked')),
    { stream: 1, codes: [PROTOCOL] },
  ],
  [
    'TE other than trailers',
    START + frame(FRAME.headers, END, 1, requestBlock('te', 'trailers, deflate')),
    { stream: 1, codes: [PROTOCOL] },
  ],
  [
    'an unknown pseudo field',
    START + frame(FRAME.headers, END, 1, requestBlock(':test', '1')),
    { stream: 1, codes: [PROTOCOL] },
  ],
  [
    'a pseudo field of answers',
    START + frame(FRAME.headers, END, 1, requestBlock(':status', '200')),
    { stream: 1, codes: [PROTOCOL] },
  ],
  [
    'a pseudo field behind others',
    START +
      frame(
        FRAME.headers,
        END,
        1,
        fieldBlock(':method', 'GET', ':scheme', 'http', ':authority', 'a', 'x', 'y', ':path', '/'),
      ),
    { stream: 1, codes: [PROTOCOL] },
  ],
  [
    'a pseudo field twice',
    START + frame(FRAME.headers, END, 1, requestBlock(':path', '/b')),
    { stream: 1, codes: [PROTOCOL] },
  ],
  [
    'no path',
    START + frame(FRAME.headers, END, 1, fieldBlock(':method', 'GET', ':scheme', 'http', ':authority', 'a')),
    { stream: 1, codes: [PROTOCOL] },
  ],
  [
    'an empty path',
    START +
      frame(FRAME.headers, END, 1, fieldBlock(':method', 'GET', ':scheme', 'http', ':authority', 'a', ':path', '')),
    { stream: 1, codes: [PROTOCOL] },
  ],
  [
    'Content-Length other than the body',
    START +
      frame(FRAME.headers, FLAG.endHeaders, 1, `${POST}${fieldBlock('content-length', '1')}`) +
      frame(FRAME.data, FLAG.endStream, 1, 'test'),
    { stream: 1, codes: [PROTOCOL, INTERNAL] },
  ],
  [
    'pseudo fields in trailers',
    START + frame(FRAME.headers, FLAG.endHeaders, 1, POST) + frame(FRAME.headers, END, 1, fieldBlock(':method', 'GET')),
    { stream: 1, codes: [PROTOCOL] },
  ],
]

let upstream: RawUpstream
let path: DataPath

before(async () => {
  upstream = await startRawUpstream(answering(OK))
  path = await startDataPath({ addr: '127.0.0.1:0;h2c=true', routes: `route add svc / ${upstream.url}` })
})

after(async () => {
  await path[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

async function isAlive(): Promise<void> {
  await using client = await RawClient.connect(path.port)
  client.send(START + GET)
  await client.until(received =>
    readFrames(received).some(({ type, streamId }) => type === FRAME.data && streamId === 1),
  )
}

describe('what ends', () => {
  for (const [name, sent, outcome] of CASES) {
    test(`${'connection' in outcome ? 'the connection' : 'the stream'}: ${name}`, async () => {
      await using client = await RawClient.connect(path.port)
      client.send(sent)
      const isEnd = (one: Frame): boolean =>
        one.type === FRAME.goaway ||
        ('stream' in outcome && one.type === FRAME.resetStream && one.streamId === outcome.stream)
      await client.until(received => readFrames(received).some(isEnd)).catch(() => {})
      const end = readFrames(client.received).find(isEnd)
      if (end !== undefined) {
        const codes = 'connection' in outcome ? outcome.connection : outcome.codes
        assert.ok(codes.includes(errorCode(end)), `code ${errorCode(end)} of ${codes.join(', ')}`)
      } else {
        assert.ok(client.hasEnded || client.isClosed)
      }
      if ('connection' in outcome) await client.ended()
      await isAlive()
    })
  }

  test('nothing is left of any of them', async () => {
    await until('all connections are gone', () => path.services[0]!.size === 0)
    await until('all heads are back', () => path.headsInUse === 0)
  })
})

test('a body longer than its Content-Length does not reach the upstream, whose next request it would be', async () => {
  await using client = await RawClient.connect(path.port)
  const head = frame(FRAME.headers, FLAG.endHeaders, 1, POST + fieldBlock('content-length', '1'))
  client.send(START + head + frame(FRAME.data, FLAG.endStream, 1, 'xGET /smuggled HTTP/1.1\r\n\r\n'))
  await client.until(received =>
    readFrames(received).some(({ type }) => type === FRAME.resetStream || type === FRAME.goaway),
  )
  const late = frame(FRAME.data, 0, 3, 'x') + frame(FRAME.data, FLAG.endStream, 3, 'GET /smuggled HTTP/1.1\r\n\r\n')
  client.send(frame(FRAME.headers, FLAG.endHeaders, 3, POST + fieldBlock('content-length', '1')) + late)
  await isAlive()
  assert.doesNotMatch(upstream.received(), /x-broken|smuggled/)
})

describe('what does not end', () => {
  const answered = (received: string, streamId: number): boolean =>
    readFrames(received).some(
      one => one.streamId === streamId && one.type === FRAME.data && (one.flags & FLAG.endStream) !== 0,
    )

  for (const [name, sent] of [
    ['a frame of an unknown type', START + frame(0x16, 0, 0, 'x') + GET],
    ['unknown flags', START + frame(FRAME.ping, 0xfe, 0, '12345678') + GET],
    ['an unknown setting', START + frame(FRAME.settings, 0, 0, uint(0xff, 2) + uint(1, 4)) + GET],
    ['padding', START + frame(FRAME.headers, END | FLAG.padded, 1, `\x04${requestBlock()}\0\0\0\0`)],
    [
      'HEADERS in pieces',
      START +
        frame(FRAME.headers, FLAG.endStream, 1, requestBlock().slice(0, 9)) +
        frame(FRAME.continuation, FLAG.endHeaders, 1, requestBlock().slice(9)),
    ],
    [
      'a field that Node itself would not send',
      START + frame(FRAME.headers, END, 1, requestBlock('http2-settings', 'AAMAAABk')),
    ],
    ['PRIORITY, which no longer means anything', START + frame(FRAME.priority, 0, 3, uint(0, 5)) + GET],
  ] as const) {
    test(name, async () => {
      await using client = await RawClient.connect(path.port)
      client.send(sent)
      await client.until(received => answered(received, 1))
    })
  }

  test('blanks around a value, which are taken off', async () => {
    await using client = await RawClient.connect(path.port)
    client.send(START + frame(FRAME.headers, END, 1, requestBlock('x-blank', ' \ta b ')))
    await client.until(received => answered(received, 1))
    assert.match(upstream.received(), /\r\nx-blank: a b\r\n/)
  })

  test('a PING is answered with its content', async () => {
    await using client = await RawClient.connect(path.port)
    client.send(START + frame(FRAME.ping, 0, 0, '12345678'))
    await client.until(received =>
      readFrames(received).some(
        ({ type, flags, payload }) => type === FRAME.ping && flags === FLAG.ack && payload === '12345678',
      ),
    )
  })
})

describe('floods', () => {
  for (const [name, piece] of [
    ['of PINGs that nobody reads the answers of', frame(FRAME.ping, 0, 0, '12345678').repeat(1000)],
    ['of SETTINGS', frame(FRAME.settings, 0, 0).repeat(1000)],
    [
      'of CONTINUATION',
      frame(FRAME.headers, FLAG.endStream, 1, requestBlock()) +
        frame(FRAME.continuation, 0, 1, fieldBlock('x', 'y')).repeat(1000),
    ],
    [
      'of DATA that is nothing but padding',
      frame(FRAME.headers, FLAG.endHeaders, 1, POST) + frame(FRAME.data, FLAG.padded, 1, '\x01\0').repeat(1100),
    ],
    [
      'of streams that are reset',
      Array.from(
        { length: 3000 },
        (_, i) =>
          frame(FRAME.headers, END, 2 * i + 1, requestBlock()) + frame(FRAME.resetStream, 0, 2 * i + 1, uint(8, 4)),
      ).join(''),
    ],
  ] as const) {
    test(name, async () => {
      await using client = await RawClient.connect(path.port)
      client.socket.pause()
      client.socket.on('error', () => {})
      client.send(START)
      // Who reads nothing is found out when the answers pile up.
      for (let i = 0; i < 400 && path.services[0]!.size > 0 && !client.socket.destroyed; i++) {
        client.send(piece)
        if (client.socket.writableNeedDrain) await new Promise(resolve => setTimeout(resolve, 5))
        if (/CONTINUATION|padding|reset/.test(name)) break
      }
      client.socket.resume()
      await client.ended()
      await isAlive()
    })
  }
})

test('heads of many requests that stand for much more than was sent are refused when they are too much together', async () => {
  await using silent = await startRawUpstream(() => {})
  await using small = await startDataPath({ addr: '127.0.0.1:0;h2c=true', routes: `route add svc / ${silent.url}` })
  await using client = await RawClient.connect(small.port)
  // One entry of the table that takes nearly all of it, and in every further request 200 times that entry.
  const large = `\x40\x01x\x7f\xa1\x1e${'v'.repeat(4000)}`
  const heads = [frame(FRAME.headers, END, 1, `${requestBlock()}${large}`)]
  for (let id = 3; id < 100; id += 2)
    heads.push(frame(FRAME.headers, END, id, `${requestBlock()}${'\xbe'.repeat(200)}`))
  client.send(START + heads.join(''))
  const refused = (received: string): number =>
    readFrames(received).filter(one => one.type === FRAME.resetStream && errorCode(one) === CALM).length
  await client.until(received => refused(received) > 0)
  const open = small.headsInUse
  assert.ok(open > 10 && open < 30, `${open} requests`)
  client.send(frame(FRAME.ping, 0, 0, '12345678'))
  await client.until(received => readFrames(received).some(one => one.type === FRAME.ping))
})

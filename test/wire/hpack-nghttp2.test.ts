// Against nghttp2, over a socket: its encoder's blocks are read, and its decoder reads ours.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import http2, { type ServerHttp2Stream } from 'node:http2'
import net, { type AddressInfo } from 'node:net'
import { test } from 'node:test'
import { HpackDecoder } from '../../src/wire/hpack-decoder.ts'
import { HpackEncoder, maxBlockBytes } from '../../src/wire/hpack-encoder.ts'

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')
const FRAME_HEADER_BYTES = 9
const HEADERS = 1
const SETTINGS = 4
const END_STREAM = 1
const END_HEADERS = 4
const REQUESTS = 60

function frame(type: number, flags: number, streamId: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(FRAME_HEADER_BYTES)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(streamId, 5)
  return Buffer.concat([head, payload])
}

/** The fields of request number `i`: some always the same, some never, and enough to fill the table more than once. */
function requestFields(i: number): string[] {
  return [
    ...[':method', i % 3 === 0 ? 'POST' : 'GET', ':path', `/pkg.Service/Method${i % 7}`, ':scheme', 'http'],
    ...[':authority', 'garden.example:443', 'user-agent', 'grpc-go/1.80.0', 'x-request-id', `${i}`.repeat(20)],
    ...[
      `x-name-${i % 11}`,
      'v'.repeat(i * 5),
      'x-latin',
      'gr\xfc\xdfe',
      'cookie',
      `a=${i}`,
      'authorization',
      'Basic eDp5',
    ],
    ...['x-many', 'one', 'x-many', 'two', 'x-bin', 'AAECAw==', 'accept-encoding', 'gzip, deflate', 'x-empty', ''],
  ]
}

for (const headerTableSize of [4096, 0, 100]) {
  test(`nghttp2 reads what is encoded for a table of ${headerTableSize} octets`, async () => {
    const server = http2.createServer({ settings: { headerTableSize } })
    const received: string[][] = []
    const done = new Promise<void>(resolve => {
      server.on('stream', (stream: ServerHttp2Stream, _headers, _flags, raw: string[]) => {
        received.push([...raw])
        stream.on('error', () => {})
        if (received.length === REQUESTS) resolve()
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1')
    try {
      socket.on('error', () => {})
      const settings = once(socket, 'data')
      socket.write(Buffer.concat([PREFACE, frame(SETTINGS, 0, 0, new Uint8Array())]))
      await settings
      const encoder = new HpackEncoder()
      encoder.setMaxTableBytes(headerTableSize)
      socket.write(frame(SETTINGS, 1, 0, new Uint8Array()))
      const sent = Array.from({ length: REQUESTS }, (_, i) => requestFields(i))
      sent.forEach((fields, i) => {
        const into = Buffer.alloc(maxBlockBytes(fields))
        const end = encoder.encode(fields, into, 0)
        socket.write(frame(HEADERS, END_HEADERS | END_STREAM, i * 2 + 1, into.subarray(0, end)))
      })
      await done
      assert.deepEqual(received, sent)
    } finally {
      socket.destroy()
      server.close()
    }
  })
}

test('what nghttp2 encodes is read', async () => {
  const decoder = new HpackDecoder()
  const received: string[][] = []
  let bytes = Buffer.alloc(0)
  const done = Promise.withResolvers<void>()
  const server = net.createServer(socket => {
    socket.on('error', () => {})
    socket.write(frame(SETTINGS, 0, 0, new Uint8Array()))
    socket.once('data', () => socket.write(frame(SETTINGS, 1, 0, new Uint8Array())))
    let isFirst = true
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk])
      if (isFirst && bytes.length >= PREFACE.length) {
        bytes = bytes.subarray(PREFACE.length)
        isFirst = false
      }
      while (!isFirst && bytes.length >= FRAME_HEADER_BYTES) {
        const end = FRAME_HEADER_BYTES + bytes.readUIntBE(0, 3)
        if (bytes.length < end) return
        if (bytes[3] === HEADERS) {
          // Without padding, and without a priority.
          assert.equal(bytes[4]! & 0x28, 0)
          const fields: string[] = []
          try {
            assert.equal(decoder.decode(bytes, FRAME_HEADER_BYTES, end, fields, 1e9, 1e9), true)
          } catch (cause) {
            done.reject(cause)
          }
          assert.equal(decoder.isMalformed, false)
          received.push(fields)
          if (received.length === REQUESTS) done.resolve()
        }
        bytes = bytes.subarray(end)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  try {
    session.on('error', () => {})
    await once(session, 'remoteSettings')
    const sent = Array.from({ length: REQUESTS }, (_, i) => requestFields(i))
    for (const fields of sent) session.request(fields, { endStream: true }).on('error', () => {})
    await done.promise
    assert.deepEqual(received, sent)
    assert.ok(decoder.neverIndexed?.has('authorization'))
  } finally {
    session.destroy()
    server.close()
  }
})

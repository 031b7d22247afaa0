import assert from 'node:assert/strict'
import { once } from 'node:events'
import http2, { type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startFabio } from '../harness/start-fabio.ts'

const MESSAGE = Buffer.alloc(5000, 'm')
const { NGHTTP2_CANCEL } = http2.constants

test('a client that is slow to read an answer that breaks off gets all of it, and its status', async () => {
  const server = http2.createServer()
  server.on('session', session => session.on('error', () => {}))
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => {})
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
    const head = Buffer.alloc(5)
    head.writeUInt32BE(MESSAGE.length, 1)
    stream.write(Buffer.concat([head, MESSAGE]), () => stream.close(NGHTTP2_CANCEL))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await using fabio = await startFabio({
    addr: '127.0.0.1:0;proto=grpc',
    routes: `route add svc / grpc://127.0.0.1:${port}`,
  })
  const session = http2.connect(fabio.url, { settings: { initialWindowSize: 1000 } })
  try {
    // It has more to say, so that the call is not over with the answer.
    const stream = session.request({ ':method': 'POST', ':path': '/a.B/C', 'content-type': 'application/grpc' })
    let trailers: IncomingHttpHeaders = {}
    stream.on('trailers', fields => {
      trailers = fields
    })
    await once(stream, 'response')
    // Longer than a client is given that goes on sending.
    await sleep(1500)
    let bytes = 0
    stream.on('data', (piece: Buffer) => {
      bytes += piece.length
    })
    await once(stream, 'close')
    assert.equal(trailers['grpc-status'], '1')
    assert.equal(bytes, 5 + MESSAGE.length)
  } finally {
    session.destroy()
    server.close()
  }
})

// A gRPC server that answers every call with the same message, on the port given, for the bench.

import http2 from 'node:http2'

const MESSAGE = Buffer.from('\0\0\0\0\x07\n\x05hello', 'latin1')

// A load that ends resets what is under way, which is not to be taken for an attack.
const unlimited = { streamResetBurst: 1e9, streamResetRate: 1e9 }
const server = http2.createServer({ settings: { maxConcurrentStreams: 1000 }, ...unlimited })
server.on('stream', (stream: http2.ServerHttp2Stream) => {
  stream.on('error', () => {})
  stream.on('data', () => {})
  stream.on('wantTrailers', () => {
    if (!stream.destroyed) stream.sendTrailers({ 'grpc-status': '0' })
  })
  stream.on('end', () => {
    // The load has ended meanwhile, and an answer would be an exception.
    if (stream.destroyed) return
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.end(MESSAGE)
  })
})
server.on('session', session => session.on('error', () => {}))
server.listen(Number(process.argv[2]), '127.0.0.1')

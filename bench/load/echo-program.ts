// The upstream of WebSocket and TCP loads: `GET` begins a WebSocket whose messages come back, `BULK` gets bytes without end,
// anything else comes back as it is.

import { createServer, type Socket } from 'node:net'
import { echoFrames, handshakeAnswer } from './websocket.ts'

const BLOCK = Buffer.alloc(262_144, 'b')

createServer({ noDelay: true }, socket => {
  socket.on('error', () => socket.destroy())
  socket.once('data', (first: Buffer) => {
    const start = first.toString('latin1', 0, 4)
    if (start === 'GET ') echoMessages(socket, first)
    else if (start === 'BULK') sendOn(socket)
    else {
      socket.write(first)
      socket.on('data', bytes => socket.write(bytes))
    }
  })
}).listen(Number(process.argv[2]), '127.0.0.1', 8192)

function echoMessages(socket: Socket, head: Buffer): void {
  socket.write(handshakeAnswer(head.toString('latin1')))
  let rest: Buffer = Buffer.alloc(0)
  socket.on('data', (bytes: Buffer) => {
    const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
    const { echo, taken } = echoFrames(all)
    rest = all.subarray(taken)
    if (echo.length > 0) socket.write(echo)
  })
}

function sendOn(socket: Socket): void {
  socket.resume()
  const send = (): void => {
    while (!socket.destroyed && socket.write(BLOCK));
  }
  socket.on('drain', send)
  send()
}

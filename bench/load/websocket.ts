import { createHash } from 'node:crypto'

// As much of RFC 6455 as two programs need that send each other short messages: one frame each, below 126 bytes.

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const MASK = Buffer.from([0x12, 0x34, 0x56, 0x78])

export const HANDSHAKE = `GET /ws HTTP/1.1\r\nHost: shop.example.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`

/** The answer to a handshake. */
export function handshakeAnswer(head: string): string {
  const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1] ?? ''
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`
}

/** A masked text frame, as a client sends it. */
export function clientFrame(payload: Buffer): Buffer {
  const frame = Buffer.alloc(6 + payload.length)
  frame[0] = 0x81
  frame[1] = 0x80 | payload.length
  MASK.copy(frame, 2)
  for (let i = 0; i < payload.length; i++) frame[6 + i] = payload[i]! ^ MASK[i & 3]!
  return frame
}

/** Length of a server's frame with so much in it. */
export function serverFrameBytes(payloadBytes: number): number {
  return 2 + payloadBytes
}

/** Whole frames of a client, each as the frame that echoes it, and how many bytes they took. */
export function echoFrames(bytes: Buffer): { readonly echo: Buffer; readonly taken: number } {
  const echoes: Buffer[] = []
  let at = 0
  while (bytes.length - at >= 6) {
    const length = bytes[at + 1]! & 0x7f
    if (bytes.length - at < 6 + length) break
    const echo = Buffer.allocUnsafe(2 + length)
    echo[0] = bytes[at]!
    echo[1] = length
    for (let i = 0; i < length; i++) echo[2 + i] = bytes[at + 6 + i]! ^ bytes[at + 2 + (i & 3)]!
    echoes.push(echo)
    at += 6 + length
  }
  return { echo: echoes.length === 1 ? echoes[0]! : Buffer.concat(echoes), taken: at }
}

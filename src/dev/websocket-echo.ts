import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import {
  type Frame,
  FrameReader,
  formatClose,
  formatFrame,
  MAX_PIECES,
  OPCODE,
  WebSocketError,
} from './websocket-frames.ts'

const MAX_MESSAGE_BYTES = 1024 * 1024
/** A client that has not been heard for this long is asked; one that does not answer either is gone. */
const QUIET_MS = 30_000
/** From our close frame to the end of the connection, whatever the client does. */
const CLOSING_MS = 2000
/** RFC 6455, section 1.3 */
const HANDSHAKE_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/**
 * Answers a WebSocket handshake (RFC 6455, section 4.2) and sends every message back as it came. `leaving` aborts when
 * the server ends. A request that is no handshake gets an HTTP error.
 */
export function serveWebSocketEcho(request: IncomingMessage, socket: Duplex, head: Buffer, leaving: AbortSignal): void {
  socket.on('error', () => socket.destroy())
  const key = request.headers['sec-websocket-key'] ?? ''
  if (request.headers['sec-websocket-version'] !== '13') {
    return refuse(socket, '426 Upgrade Required', 'Sec-WebSocket-Version: 13\r\n')
  }
  if (request.method !== 'GET' || !isWebSocket(request) || Buffer.from(key, 'base64').length !== 16) {
    return refuse(socket, '400 Bad Request')
  }
  const accept = createHash('sha1')
    .update(key + HANDSHAKE_GUID)
    .digest('base64')
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
  socket.write([...lines, `Sec-WebSocket-Accept: ${accept}`, '', ''].join('\r\n'))
  const echo = new WebSocketEcho(socket, leaving)
  echo.onBytes(head)
}

interface UnfinishedMessage {
  readonly opcode: typeof OPCODE.text | typeof OPCODE.binary
  parts: Buffer[]
  bytes: number
}

class WebSocketEcho {
  readonly #socket: Duplex
  readonly #reader = new FrameReader({ maxPayloadBytes: MAX_MESSAGE_BYTES })
  readonly #quiet: NodeJS.Timeout
  #message: UnfinishedMessage | undefined
  #wasAsked = false
  #closing: NodeJS.Timeout | undefined

  constructor(socket: Duplex, leaving: AbortSignal) {
    this.#socket = socket
    const leave = (): void => this.#close(1001, 'the server ends')
    leaving.addEventListener('abort', leave)
    this.#quiet = setInterval(() => this.#onQuiet(), QUIET_MS)
    socket.on('data', (bytes: Buffer) => this.onBytes(bytes))
    socket.on('drain', () => socket.resume())
    socket.on('end', () => socket.end())
    socket.on('close', () => {
      leaving.removeEventListener('abort', leave)
      clearInterval(this.#quiet)
      clearTimeout(this.#closing)
    })
    if (leaving.aborted) leave()
  }

  onBytes(bytes: Buffer): void {
    if (this.#closing !== undefined) return // nothing counts any more (section 5.5.1)
    this.#wasAsked = false
    this.#quiet.refresh()
    try {
      for (const frame of this.#reader.push(bytes)) {
        this.#onFrame(frame)
        if (this.#closing !== undefined) return
      }
    } catch (cause) {
      if (!(cause instanceof WebSocketError)) throw cause
      this.#close(cause.code, cause.message)
    }
  }

  #onFrame(frame: Frame): void {
    switch (frame.opcode) {
      case OPCODE.ping:
        return this.#write(formatFrame(OPCODE.pong, frame.payload))
      case OPCODE.pong:
        return
      case OPCODE.close:
        return this.#onClose(frame.payload)
      case OPCODE.text:
      case OPCODE.binary:
        if (this.#message !== undefined) throw new WebSocketError('the last message is not complete', { code: 1002 })
        this.#message = { opcode: frame.opcode, parts: [], bytes: 0 }
        return this.#onPart(this.#message, frame)
      case OPCODE.continuation:
        if (this.#message === undefined) throw new WebSocketError('there is nothing to continue', { code: 1002 })
        return this.#onPart(this.#message, frame)
    }
  }

  #onPart(message: UnfinishedMessage, frame: Frame): void {
    message.bytes += frame.payload.length
    if (message.bytes > MAX_MESSAGE_BYTES) throw new WebSocketError('the message is too long', { code: 1009 })
    message.parts.push(frame.payload)
    if (message.parts.length > MAX_PIECES) message.parts = [Buffer.concat(message.parts)]
    if (!frame.isFinal) return
    this.#message = undefined
    const payload = Buffer.concat(message.parts)
    if (message.opcode === OPCODE.text) refuseBrokenText(payload)
    this.#write(formatFrame(message.opcode, payload))
  }

  /** The client's code is said back when it is one that may be sent (section 7.4). */
  #onClose(payload: Buffer): void {
    if (payload.length === 1) throw new WebSocketError('half a close code', { code: 1002 })
    if (payload.length === 0) return this.#close()
    const code = payload.readUInt16BE()
    const isSendable =
      (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999)
    if (!isSendable) throw new WebSocketError('a close code that may not be sent', { code: 1002 })
    refuseBrokenText(payload.subarray(2))
    this.#close(code)
  }

  #close(code?: number, reason?: string): void {
    if (this.#closing !== undefined) return
    this.#closing = setTimeout(() => this.#socket.destroy(), CLOSING_MS)
    this.#socket.resume()
    this.#socket.end(formatClose(code, reason))
  }

  /** A client that does not read its echoes is not read from either. */
  #write(bytes: Buffer): void {
    if (!this.#socket.write(bytes)) this.#socket.pause()
  }

  #onQuiet(): void {
    if (this.#wasAsked) return void this.#socket.destroy()
    this.#wasAsked = true
    this.#write(formatFrame(OPCODE.ping, Buffer.alloc(0)))
  }
}

function refuseBrokenText(bytes: Buffer): void {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new WebSocketError('the text is not UTF-8', { code: 1007, cause })
  }
}

function isWebSocket(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket'
}

function refuse(socket: Duplex, status: string, headers = ''): void {
  socket.end(`HTTP/1.1 ${status}\r\n${headers}Connection: close\r\nContent-Length: 0\r\n\r\n`)
}

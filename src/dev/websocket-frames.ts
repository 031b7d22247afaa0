// The framing of RFC 6455, section 5, from the server's side: frames in are masked, frames out are not.

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const
export type Opcode = (typeof OPCODE)[keyof typeof OPCODE]

export interface Frame {
  readonly isFinal: boolean
  readonly opcode: Opcode
  readonly payload: Buffer
}

/** The client broke the protocol; `code` is what the connection is to be closed with (RFC 6455, section 7.4.1). */
export class WebSocketError extends Error {
  override readonly name = 'WebSocketError'
  readonly code: number

  constructor(message: string, options: ErrorOptions & { readonly code: number }) {
    super(message, options)
    this.code = options.code
  }
}

const KNOWN_OPCODES: ReadonlySet<number> = new Set(Object.values(OPCODE))
const LONGEST_HEAD = 14
/** Pieces are joined at the latest when there are so many: a piece of one byte costs a hundred. */
export const MAX_PIECES = 1024

/** Takes bytes as they come and gives whole frames. Keeps at most one unfinished frame. */
export class FrameReader {
  readonly #maxPayloadBytes: number
  #chunks: Buffer[] = []
  #bytes = 0

  constructor(options: { readonly maxPayloadBytes: number }) {
    this.#maxPayloadBytes = options.maxPayloadBytes
  }

  /** Throws WebSocketError as soon as the head of a frame is wrong, before its payload is there. */
  *push(chunk: Buffer): Generator<Frame> {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    if (this.#chunks.length > MAX_PIECES) this.#join()
    for (;;) {
      const head = parseHead(this.#peek(LONGEST_HEAD), this.#maxPayloadBytes)
      if (head === undefined || this.#bytes < head.headBytes + head.payloadBytes) return
      const frame = this.#take(head.headBytes + head.payloadBytes)
      const payload = unmask(frame.subarray(head.headBytes), frame.subarray(head.headBytes - 4, head.headBytes))
      yield { isFinal: head.isFinal, opcode: head.opcode, payload }
    }
  }

  #peek(bytes: number): Buffer {
    const [first] = this.#chunks
    if (first === undefined) return Buffer.alloc(0)
    return first.length >= bytes || this.#chunks.length === 1 ? first : this.#join()
  }

  /** A frame that came in a thousand pieces is joined once its last byte is there, not a thousand times. */
  #take(bytes: number): Buffer {
    const all = this.#join()
    const rest = all.subarray(bytes)
    this.#chunks = rest.length === 0 ? [] : [rest]
    this.#bytes = rest.length
    return Buffer.from(all.subarray(0, bytes)) // a copy: unmasking writes to it
  }

  #join(): Buffer {
    const all =
      this.#chunks.length === 1 && this.#chunks[0] !== undefined ? this.#chunks[0] : Buffer.concat(this.#chunks)
    this.#chunks = [all]
    return all
  }
}

/** A whole message as one frame. */
export function formatFrame(opcode: Opcode, payload: Buffer): Buffer {
  const { length } = payload
  if (length < 126) return Buffer.concat([Buffer.from([0x80 | opcode, length]), payload])
  const head = Buffer.alloc(length < 65536 ? 4 : 10)
  head[0] = 0x80 | opcode
  if (length < 65536) {
    head[1] = 126
    head.writeUInt16BE(length, 2)
  } else {
    head[1] = 127
    head.writeBigUInt64BE(BigInt(length), 2)
  }
  return Buffer.concat([head, payload])
}

/** Without a code, the frame is empty. */
export function formatClose(code?: number, reason = ''): Buffer {
  if (code === undefined) return formatFrame(OPCODE.close, Buffer.alloc(0))
  const payload = Buffer.alloc(2)
  payload.writeUInt16BE(code)
  return formatFrame(OPCODE.close, Buffer.concat([payload, Buffer.from(reason)]))
}

interface FrameHead {
  readonly isFinal: boolean
  readonly opcode: Opcode
  readonly headBytes: number
  readonly payloadBytes: number
}

/** undefined: more bytes are needed. */
function parseHead(bytes: Buffer, maxPayloadBytes: number): FrameHead | undefined {
  const [first, second] = bytes
  if (first === undefined || second === undefined) return undefined
  const opcode = first & 0x0f
  const isFinal = (first & 0x80) !== 0
  const shortLength = second & 0x7f
  if ((first & 0x70) !== 0) throw new WebSocketError('an extension was used that was not agreed on', { code: 1002 })
  if (!isOpcode(opcode)) throw new WebSocketError(`there is no opcode ${opcode}`, { code: 1002 })
  if ((second & 0x80) === 0) throw new WebSocketError('frames of a client are masked', { code: 1002 })
  if (opcode >= OPCODE.close && (!isFinal || shortLength > 125)) {
    throw new WebSocketError('a control frame is short and whole', { code: 1002 })
  }
  const lengthBytes = shortLength === 126 ? 2 : shortLength === 127 ? 8 : 0
  const headBytes = 2 + lengthBytes + 4
  if (bytes.length < headBytes) return undefined
  const payloadBytes =
    lengthBytes === 0 ? shortLength : lengthBytes === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
  if (payloadBytes > maxPayloadBytes) throw new WebSocketError('the message is too long', { code: 1009 })
  return { isFinal, opcode, headBytes, payloadBytes }
}

function isOpcode(opcode: number): opcode is Opcode {
  return KNOWN_OPCODES.has(opcode)
}

function unmask(payload: Buffer, key: Buffer): Buffer {
  for (let at = 0; at < payload.length; at++) payload[at] = (payload[at] ?? 0) ^ (key[at & 3] ?? 0)
  return payload
}

import type { Link } from '../socket/link.ts'
import { leaveBuffer, takeBuffer } from '../socket/read-buffers.ts'
import { HpackEncoder, maxBlockBytes } from '../wire/hpack-encoder.ts'
import {
  FLAG,
  FRAME,
  FRAME_HEADER_BYTES,
  MAX_FRAME_BYTES,
  writeFrameHeader,
  writeUint32,
} from '../wire/http2-frames.ts'
import type { SentHead } from './stream.ts'

/** Up to this many bytes are written as text: no buffer has to wait for the kernel then. */
const SMALL_BYTES = 16_384
const NONE = -1

/**
 * What one connection sends. Frames are written one behind the other and leave together when the event loop comes round, in one write of
 * the socket; until then the last one can still grow, or be the last of its stream.
 */
export class Output {
  private readonly link: Link
  private readonly encoder = new HpackEncoder()
  private buffer: Buffer | undefined
  private length = 0
  /** Where the last frame begins, when it is DATA or whole HEADERS. */
  private lastAt = NONE
  private lastStreamId = 0
  private isQueued = false
  private isClosed = false

  constructor(link: Link) {
    this.link = link
  }

  /** The most that the peer's table of fields may hold. */
  setMaxTableBytes(bytes: number): void {
    this.encoder.setMaxTableBytes(bytes)
  }

  writePreface(preface: Buffer): void {
    const buffer = this.room(preface.length)
    this.length += preface.copy(buffer, this.length)
  }

  writeSettings(settings: readonly (readonly [setting: number, value: number])[]): void {
    const buffer = this.begin(FRAME.settings, 0, 0, settings.length * 6)
    for (const [setting, value] of settings) {
      buffer[this.length] = setting >>> 8
      buffer[this.length + 1] = setting
      writeUint32(buffer, this.length + 2, value)
      this.length += 6
    }
  }

  writeSettingsAck(): void {
    this.begin(FRAME.settings, FLAG.ack, 0, 0)
  }

  /** `bytes[from, from + 8)` is what it carries. */
  writePing(bytes: Buffer, from: number, { isAck }: { readonly isAck: boolean }): void {
    const buffer = this.begin(FRAME.ping, isAck ? FLAG.ack : 0, 0, 8)
    this.length += bytes.copy(buffer, this.length, from, from + 8)
  }

  writeWindowUpdate(streamId: number, increment: number): void {
    this.writeNumbers(FRAME.windowUpdate, streamId, increment)
  }

  writeReset(streamId: number, code: number): void {
    this.writeNumbers(FRAME.resetStream, streamId, code)
  }

  writeGoaway(lastStreamId: number, code: number): void {
    this.writeNumbers(FRAME.goaway, 0, lastStreamId, code)
  }

  /** @param bytes `bytes[from, to)`, no more than a frame may carry */
  writeData(streamId: number, bytes: Buffer, from: number, to: number): void {
    const count = to - from
    const buffer = this.room(FRAME_HEADER_BYTES + count)
    if (!this.grow(streamId, buffer, count)) {
      this.lastAt = this.length
      this.lastStreamId = streamId
      writeFrameHeader(buffer, this.length, count, { type: FRAME.data, flags: 0, streamId })
      this.length += FRAME_HEADER_BYTES
    }
    this.length += bytes.copy(buffer, this.length, from, to)
  }

  writeHeaders(streamId: number, { fields, isWhole, neverIndexed }: SentHead): void {
    const most = maxBlockBytes(fields)
    const buffer = this.room(most + FRAME_HEADER_BYTES * (2 + Math.floor(most / MAX_FRAME_BYTES)))
    const start = this.length
    const block = start + FRAME_HEADER_BYTES
    const end = this.encoder.encode(fields, buffer, block, neverIndexed)
    const count = end - block
    const endStream = isWhole ? FLAG.endStream : 0
    if (count > MAX_FRAME_BYTES) return this.split(buffer, streamId, count, endStream)
    writeFrameHeader(buffer, start, count, { type: FRAME.headers, flags: FLAG.endHeaders | endStream, streamId })
    this.length = end
    this.lastAt = start
    this.lastStreamId = streamId
  }

  /** Nothing follows on this stream. */
  writeEnd(streamId: number): void {
    if (this.lastAt !== NONE && this.lastStreamId === streamId) this.buffer![this.lastAt + 4]! |= FLAG.endStream
    else this.begin(FRAME.data, FLAG.endStream, streamId, 0)
    this.lastAt = NONE
  }

  /** Sends what has been written. */
  flush(): void {
    const { buffer, length, link } = this
    if (buffer === undefined) return
    this.buffer = undefined
    this.length = 0
    this.lastAt = NONE
    if (!this.isClosed && link.isOpen) {
      if (length <= SMALL_BYTES) link.write(buffer.toString('latin1', 0, length))
      else link.writePiece(buffer, 0, length)
    }
    leaveBuffer(buffer)
  }

  /** Nothing more is sent, whatever is still written. */
  close(): void {
    this.flush()
    this.isClosed = true
  }

  private writeNumbers(type: number, streamId: number, first: number, second?: number): void {
    const buffer = this.begin(type, 0, streamId, second === undefined ? 4 : 8)
    writeUint32(buffer, this.length, first)
    if (second !== undefined) writeUint32(buffer, this.length + 4, second)
    this.length += second === undefined ? 4 : 8
  }

  /** Writes a frame's header and makes room for its payload. */
  private begin(type: number, flags: number, streamId: number, length: number): Buffer {
    const buffer = this.room(FRAME_HEADER_BYTES + length)
    this.lastAt = NONE
    writeFrameHeader(buffer, this.length, length, { type, flags, streamId })
    this.length += FRAME_HEADER_BYTES
    return buffer
  }

  /** More of the DATA that is last goes into the same frame. */
  private grow(streamId: number, buffer: Buffer, count: number): boolean {
    const { lastAt } = this
    if (lastAt === NONE || this.lastStreamId !== streamId || buffer[lastAt + 3] !== FRAME.data) return false
    const total = this.length - lastAt - FRAME_HEADER_BYTES + count
    if (total > MAX_FRAME_BYTES) return false
    buffer[lastAt] = total >>> 16
    buffer[lastAt + 1] = total >>> 8
    buffer[lastAt + 2] = total
    return true
  }

  /** A field block of several frames: its pieces move apart, the last first. */
  private split(buffer: Buffer, streamId: number, count: number, endStream: number): void {
    const start = this.length
    const block = start + FRAME_HEADER_BYTES
    const pieces = Math.ceil(count / MAX_FRAME_BYTES)
    for (let i = pieces - 1; i >= 0; i--) {
      const from = block + i * MAX_FRAME_BYTES
      const length = Math.min(MAX_FRAME_BYTES, block + count - from)
      const to = start + i * (MAX_FRAME_BYTES + FRAME_HEADER_BYTES)
      buffer.copyWithin(to + FRAME_HEADER_BYTES, from, from + length)
      const type = i === 0 ? FRAME.headers : FRAME.continuation
      const flags = (i === 0 ? endStream : 0) | (i === pieces - 1 ? FLAG.endHeaders : 0)
      writeFrameHeader(buffer, to, length, { type, flags, streamId })
    }
    this.length = start + count + pieces * FRAME_HEADER_BYTES
    this.lastAt = NONE
  }

  private room(bytes: number): Buffer {
    if (this.buffer !== undefined && this.length + bytes > this.buffer.length) this.flush()
    if (this.buffer === undefined) {
      const buffer = takeBuffer({ isLarge: false })
      if (buffer.length >= bytes) {
        this.buffer = buffer
      } else {
        leaveBuffer(buffer)
        this.buffer = Buffer.allocUnsafeSlow(bytes)
      }
    }
    if (!this.isQueued) {
      this.isQueued = true
      queue(this)
    }
    return this.buffer
  }

  /** The event loop has come round. */
  leaveQueue(): void {
    this.isQueued = false
    this.flush()
  }
}

// All connections of a thread that have something to send send it together, when everything that had arrived has been read.
let queued: Output[] = []

function queue(output: Output): void {
  if (queued.length === 0) setImmediate(flushAll)
  queued.push(output)
}

function flushAll(): void {
  const outputs = queued
  queued = []
  for (const output of outputs) output.leaveQueue()
}

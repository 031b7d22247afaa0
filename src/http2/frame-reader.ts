import {
  ERROR,
  FLAG,
  FRAME,
  FRAME_HEADER_BYTES,
  MAX_FRAME_BYTES,
  PREFACE,
  readUint24,
  readUint31,
} from '../wire/http2-frames.ts'

/** Gets the frames of a connection in their order. All bytes are lent for the call. */
export interface FrameSink {
  /** Any frame but DATA, whole: its payload is `bytes[from, to)`. */
  onFrame(frame: IncomingFrame, bytes: Buffer, from: number, to: number): void
  /** DATA begins. `length` counts padding too. */
  onDataHeader(frame: IncomingFrame, length: number): void
  /** What has come of its content. */
  onData(bytes: Buffer, from: number, to: number): void
  onDataEnd(): void
  /** What comes is no HTTP/2; nothing of it is read any more. */
  onBroken(code: number): void
}

/** The frame that is being delivered; one object for all of a reader's, so not to be kept. */
export interface IncomingFrame {
  readonly type: number
  readonly flags: number
  readonly streamId: number
}

/** Cuts what arrives into frames. DATA is passed on as it comes, everything else when it is whole; only what comes in pieces is copied. */
export class FrameReader {
  private readonly sink: FrameSink
  private readonly frame = { type: 0, flags: 0, streamId: 0 }
  private prefaceBytes: number
  /** A frame that came in pieces, or the beginning of one. */
  private held: Buffer | undefined
  private heldBytes = 0
  private isInData = false
  private isPadLengthDue = false
  private contentLeft = 0
  private paddingLeft = 0
  private isStopped = false

  /** @param hasPreface what comes is a client's */
  constructor(sink: FrameSink, { hasPreface }: { readonly hasPreface: boolean }) {
    this.sink = sink
    this.prefaceBytes = hasPreface ? 0 : PREFACE.length
  }

  read(bytes: Buffer, from: number, to: number): void {
    let at = from
    while (at < to && !this.isStopped) {
      if (this.isInData) at = this.readData(bytes, at, to)
      else if (this.held !== undefined) at = this.complete(this.held, bytes, at, to)
      else if (this.prefaceBytes < PREFACE.length) at = this.readPreface(bytes, at, to)
      else at = this.readFrame(bytes, at, to)
    }
  }

  /** Reads nothing more, also of what has been handed in. */
  stop(): void {
    this.isStopped = true
    this.held = undefined
  }

  private readPreface(bytes: Buffer, from: number, to: number): number {
    const end = Math.min(to, from + PREFACE.length - this.prefaceBytes)
    if (PREFACE.compare(bytes, from, end, this.prefaceBytes, this.prefaceBytes + end - from) !== 0)
      return this.break(ERROR.protocolError, to)
    this.prefaceBytes += end - from
    return end
  }

  private readFrame(bytes: Buffer, at: number, to: number): number {
    const { frame } = this
    const payload = at + FRAME_HEADER_BYTES
    if (payload > to) return this.hold(bytes, at, to, FRAME_HEADER_BYTES)
    const length = readUint24(bytes, at)
    if (length > MAX_FRAME_BYTES) return this.break(ERROR.frameSizeError, to)
    frame.type = bytes[at + 3]!
    frame.flags = bytes[at + 4]!
    frame.streamId = readUint31(bytes, at + 5)
    if (frame.type === FRAME.data) return this.beginData(length, payload, to)
    const end = payload + length
    if (end > to) return this.hold(bytes, at, to, FRAME_HEADER_BYTES + length)
    this.sink.onFrame(frame, bytes, payload, end)
    return end
  }

  /** Keeps `bytes[from, to)` until there are `total` of them. */
  private hold(bytes: Buffer, from: number, to: number, total: number): number {
    this.held = Buffer.allocUnsafe(total)
    this.heldBytes = bytes.copy(this.held, 0, from, to)
    return to
  }

  private complete(held: Buffer, bytes: Buffer, from: number, to: number): number {
    const taken = bytes.copy(held, this.heldBytes, from, Math.min(to, from + held.length - this.heldBytes))
    this.heldBytes += taken
    if (this.heldBytes === held.length) {
      this.held = undefined
      this.readFrame(held, 0, held.length)
    }
    return from + taken
  }

  private beginData(length: number, payload: number, to: number): number {
    const isPadded = (this.frame.flags & FLAG.padded) !== 0
    if (isPadded && length === 0) return this.break(ERROR.frameSizeError, to)
    this.sink.onDataHeader(this.frame, length)
    this.isInData = true
    this.isPadLengthDue = isPadded
    this.contentLeft = length
    this.paddingLeft = 0
    if (length === 0) this.endData()
    return payload
  }

  private readData(bytes: Buffer, from: number, to: number): number {
    let at = from
    if (this.isPadLengthDue) {
      this.isPadLengthDue = false
      this.paddingLeft = bytes[at]!
      this.contentLeft -= 1 + this.paddingLeft
      if (this.contentLeft < 0) return this.break(ERROR.protocolError, to)
      at++
    }
    if (this.contentLeft > 0 && at < to) {
      const end = Math.min(to, at + this.contentLeft)
      this.contentLeft -= end - at
      this.sink.onData(bytes, at, end)
      at = end
    }
    if (this.contentLeft === 0) {
      const padding = Math.min(to - at, this.paddingLeft)
      this.paddingLeft -= padding
      at += padding
      if (this.paddingLeft === 0) this.endData()
    }
    return at
  }

  private endData(): void {
    this.isInData = false
    if (!this.isStopped) this.sink.onDataEnd()
  }

  private break(code: number, to: number): number {
    this.stop()
    this.sink.onBroken(code)
    return to
  }
}

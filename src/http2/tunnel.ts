import type { LinkUser } from '../socket/link.ts'
import type { TunnelEnd } from '../socket/tunnel-end.ts'
import { ERROR } from '../wire/http2-frames.ts'
import type { Http2Stream, StreamUser } from './stream.ts'

const NOBODY: LinkUser = { onBytes() {}, onEnd() {}, onDrain() {}, onClose() {} }

/** A stream as one end of a tunnel (RFC 8441 §5). Reading begins with the first `resume`. */
export class Http2Tunnel implements TunnelEnd, StreamUser {
  user: LinkUser = NOBODY
  isFull = false
  private readonly stream: Http2Stream

  constructor(stream: Http2Stream) {
    this.stream = stream
    stream.pause()
  }

  // ---- what the other end asks

  get pendingBytes(): number {
    return this.stream.pendingBytes
  }

  write(text: string): boolean {
    const bytes = Buffer.from(text, 'latin1')
    return this.writePiece(bytes, 0, bytes.length)
  }

  writePiece(bytes: Buffer, from: number, to: number): boolean {
    if (!this.stream.write(bytes, from, to)) this.isFull = true
    return !this.isFull
  }

  /** What is delivered is never used again. */
  keepBytes(): void {}

  pause(): void {
    this.stream.pause()
  }

  resume(): void {
    this.stream.resume()
  }

  finish(): void {
    this.stream.end()
  }

  destroy(): void {
    this.stream.reset(ERROR.cancel)
  }

  // ---- what the client sends

  onHead(): void {}

  onData(bytes: Buffer, from: number, to: number): void {
    // Whoever gets it may point at it for longer than it is lent.
    this.user.onBytes(Buffer.from(bytes.subarray(from, to)), to - from)
  }

  /** WebSockets have none. */
  onTrailers(): void {}

  onEnd(): void {
    this.user.onEnd()
  }

  onDrain(): void {
    this.isFull = false
    this.user.onDrain()
  }

  onClosed(): void {
    this.user.onClose(undefined)
  }
}

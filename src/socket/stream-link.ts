import type { Duplex } from 'node:stream'
import type { Link, LinkUser } from './link.ts'

/** What a tunnel needs of each of its two ends. */
export type TunnelEnd = Pick<
  Link,
  'user' | 'isFull' | 'pendingBytes' | 'write' | 'writePiece' | 'keepBytes' | 'pause' | 'resume' | 'finish' | 'destroy'
>

const NOBODY: LinkUser = { onBytes() {}, onEnd() {}, onDrain() {}, onClose() {} }

/** A stream of HTTP/2 as one end of a tunnel (RFC 8441). Reading begins with the first `resume`. */
export class StreamLink implements TunnelEnd {
  user: LinkUser = NOBODY
  isFull = false
  private readonly stream: Duplex
  private error: Error | undefined

  constructor(stream: Duplex) {
    this.stream = stream
    stream.on('data', (bytes: Buffer) => this.user.onBytes(bytes, bytes.length))
    stream.pause()
    stream.on('end', () => this.user.onEnd())
    stream.on('drain', () => {
      this.isFull = false
      this.user.onDrain()
    })
    stream.on('error', error => {
      this.error = error
    })
    stream.on('close', () => this.user.onClose(this.error))
  }

  get pendingBytes(): number {
    return this.stream.writableLength
  }

  write(text: string): boolean {
    return this.send(Buffer.from(text, 'latin1'))
  }

  /** Copies: the bytes are only lent. */
  writePiece(bytes: Buffer, from: number, to: number): boolean {
    return this.send(Buffer.from(bytes.subarray(from, to)))
  }

  /** Bytes that a stream delivers are never used again. */
  keepBytes(): void {}

  pause(): void {
    this.stream.pause()
  }

  resume(): void {
    this.stream.resume()
  }

  finish(): void {
    if (!this.stream.writableEnded) this.stream.end()
  }

  destroy(): void {
    this.stream.destroy()
  }

  private send(bytes: Buffer): boolean {
    if (!this.stream.write(bytes)) this.isFull = true
    return !this.isFull
  }
}

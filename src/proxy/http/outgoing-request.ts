import type { HttpConnection } from '../../upstream/http-connection.ts'
import { chunkStart, lastChunk } from '../../wire/http1-body.ts'
import type { Downstream, RequestBodySink } from './downstream.ts'
import type { RequestHeadWriter } from './request-head.ts'

/** Body pieces up to this many bytes go out in one string with what is before them, and can be sent again. */
const SMALL_BYTES = 8192
/** As much of a body is taken before there is a connection to send it on. */
const MAX_UNSENT_BYTES = 65_536

/**
 * A request on its way to an upstream: its head, its body as it arrives, framed anew (RFC 9112 §6). Small requests leave in one
 * write. What was sent is kept as long as it is small and whole, so that it can be sent again.
 */
export class OutgoingRequest implements RequestBodySink {
  /** All of the request has been given to the connection. */
  isSent = false
  private readonly downstream: Downstream
  private readonly isChunked: boolean
  private readonly requestHeads: RequestHeadWriter
  private connection: HttpConnection | undefined
  private head = ''
  private body = ''
  /** How much of head and body text has been written. */
  private written = 0
  /** Something has been written that is not kept. */
  private isStreaming = false
  private isDone = false
  private isHolding = false
  private isPaused = false

  constructor(downstream: Downstream, isChunked: boolean, requestHeads: RequestHeadWriter) {
    this.downstream = downstream
    this.isChunked = isChunked
    this.requestHeads = requestHeads
  }

  /** Everything written so far could be written again. */
  get canRepeat(): boolean {
    return !this.isStreaming
  }

  /** The head, anew for each target. Nothing of it has been sent, or all of it is to be sent again. */
  setHead(head: string): void {
    this.head = head
    this.written = 0
  }

  /** Goes out on this connection from now on, from its beginning. */
  attach(connection: HttpConnection): void {
    this.connection = connection
    this.written = 0
    this.isSent = false
  }

  /** There is no connection, for now or any more. */
  detach(): void {
    this.connection = undefined
  }

  onBody(bytes: Buffer, from: number, to: number): void {
    const length = to - from
    const { connection } = this
    if (connection === undefined || length <= SMALL_BYTES) {
      const text = bytes.toString('latin1', from, to)
      this.add(this.isChunked ? `${chunkStart(length)}${text}\r\n` : text)
      return
    }
    const { link } = connection
    if (!this.isHolding) link.hold()
    this.isHolding = true
    this.writeTexts()
    if (this.isChunked) link.write(chunkStart(length))
    link.writePiece(bytes, from, to)
    if (this.isChunked) link.write('\r\n')
    this.stream()
  }

  onBodyEnd(trailers: string): void {
    this.isDone = true
    if (this.isChunked) this.add(lastChunk(trailers === '' ? '' : this.requestHeads.trailers(trailers)))
  }

  onBodyBatch(): void {
    const { connection } = this
    if (connection === undefined) {
      if (this.body.length > MAX_UNSENT_BYTES) this.pause()
      return
    }
    this.writeTexts()
    if (this.isHolding) {
      this.isHolding = false
      connection.link.release()
    }
    if (this.isDone) {
      if (!this.isSent) {
        this.isSent = true
        connection.requestDone()
      }
      // There is no more body to hold back, and a client that leaves is only noticed while it is read from.
      this.resume()
    } else if (connection.link.isFull) {
      this.pause()
    } else {
      this.resume()
    }
    if (connection.link.pendingBytes > 0) this.downstream.keepBody()
  }

  /** The connection has taken what was written. */
  onDrain(): void {
    this.resume()
  }

  private add(text: string): void {
    this.body += text
    // What went out piece by piece over time is no longer a small request that could be kept.
    if (this.connection !== undefined && this.written > 0 && this.body.length > SMALL_BYTES) this.stream()
  }

  /** From here on nothing is kept: what of the texts was not written yet goes out with the next batch. */
  stream(): void {
    if (this.isStreaming) return
    this.isStreaming = true
    const unsent = (this.head + this.body).slice(this.written)
    this.head = ''
    this.body = unsent
    this.written = 0
  }

  private writeTexts(): void {
    const total = this.head.length + this.body.length
    if (this.written === total) return
    const text = this.written === 0 ? this.head + this.body : (this.head + this.body).slice(this.written)
    this.connection?.link.write(text)
    if (this.isStreaming) this.body = ''
    else this.written = total
  }

  private pause(): void {
    if (this.isPaused) return
    this.isPaused = true
    this.downstream.pauseBody()
  }

  private resume(): void {
    if (!this.isPaused) return
    this.isPaused = false
    this.downstream.resumeBody()
  }
}

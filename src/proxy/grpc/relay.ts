import type { Http2Stream, StreamUser } from '../../http2/stream.ts'
import type { Http2Upstream } from '../../upstream/http2-upstream.ts'
import { ERROR, errorName } from '../../wire/http2-frames.ts'
import { KeptBody } from '../http/kept-body.ts'
import { answerFields, fieldOf, isGrpcType } from './call-head.ts'
import { MessageMeter } from './message-meter.ts'
import { GRPC, parseStatus, statusOfHttp, statusOfReset } from './status.ts'

export interface RelayLimits {
  readonly maxReceivedBytes: number
  readonly maxSentBytes: number
}

/** Who is told how the relay fares. */
export interface RelayOwner {
  /** The whole answer has been passed on, or will be when the client has taken it. */
  answered(code: number): void
  /** There is no answer, or no more of it. The relay has let go of the upstream. */
  broken(code: number, message: string): void
  /** The upstream has not looked at the request: it may be sent once more (RFC 9113 §8.7). */
  refused(): void
}

/** One call, both ways: messages pass as they come, slowed to the pace of the receiver, and are only measured. */
export class Relay implements StreamUser {
  private readonly down: Http2Stream
  private readonly owner: RelayOwner
  private readonly received: MessageMeter
  private readonly answer: MessageMeter
  private readonly limits: RelayLimits
  private up: Http2Stream | undefined
  private readonly kept = new KeptBody()
  private isRequestEnded: boolean
  private hasAnswer = false
  private trailers: string[] | undefined

  /** @param isEmpty the request has nothing but its head */
  constructor(down: Http2Stream, isEmpty: boolean, owner: RelayOwner, limits: RelayLimits) {
    this.down = down
    this.isRequestEnded = isEmpty
    this.owner = owner
    this.limits = limits
    this.received = new MessageMeter(limits.maxReceivedBytes)
    this.answer = new MessageMeter(Math.min(limits.maxReceivedBytes, limits.maxSentBytes))
  }

  /** Nothing of an answer has been sent. */
  get isUnanswered(): boolean {
    return !this.hasAnswer
  }

  /** The client has sent all it had to. */
  get isReceived(): boolean {
    return this.isRequestEnded
  }

  /** From now on the call goes to this upstream, from its beginning. */
  attach(session: Http2Upstream, fields: readonly string[]): void {
    const { kept } = this
    const isWhole = this.isRequestEnded && kept.isEmpty
    const up = session.request({ fields, isWhole, neverIndexed: this.down.neverIndexed }, this)
    this.up = up
    kept.sendTo(up)
    if (this.isRequestEnded && !isWhole) up.end()
    this.down.resume()
  }

  /** Nobody waits for the upstream any more. */
  cancel(): void {
    const up = this.letGo()
    this.kept.drop()
    up?.reset(ERROR.cancel)
  }

  // ---- the request, from the client

  onRequestData(bytes: Buffer, from: number, to: number): void {
    const { up } = this
    if (up === undefined) return
    if (!this.received.pass(bytes, from, to)) return this.tooLarge('received', this.received.tooLarge)
    if (this.kept.isWhole) this.kept.add(bytes, from, to, { isSent: true })
    if (!up.write(bytes, from, to)) this.down.pause()
  }

  onRequestEnd(): void {
    this.isRequestEnded = true
    this.up?.end()
  }

  /** The client has taken what it was sent. */
  onTaken(): void {
    this.up?.resume()
  }

  // ---- the answer, from the upstream

  onHead(received: string[], isWhole: boolean): void {
    if (this.up === undefined) return
    const fields = answerFields(received)
    const status = Number(fieldOf(fields, ':status'))
    // Interim answers mean nothing in gRPC.
    if (status < 200) return
    this.kept.drop()
    const contentType = fieldOf(fields, 'content-type') ?? ''
    if (status !== 200 || !isGrpcType(contentType)) {
      const code = statusOfHttp(status)
      return this.break(code, `unexpected answer of the upstream: HTTP status ${status}, content-type "${contentType}"`)
    }
    this.hasAnswer = true
    const head = { fields, isWhole, neverIndexed: this.up.neverIndexed }
    if (!isWhole) return this.down.sendHead(head)
    // Trailers-Only: one block of fields that ends the stream. Sent in two, clients would find no status in it.
    this.leave()
    this.owner.answered(parseStatus(fieldOf(fields, 'grpc-status') ?? ''))
    this.down.sendHead(head)
  }

  onData(bytes: Buffer, from: number, to: number): void {
    const { up } = this
    if (up === undefined) return
    if (!this.answer.pass(bytes, from, to)) {
      const { tooLarge } = this.answer
      return this.tooLarge(tooLarge > this.limits.maxReceivedBytes ? 'received' : 'sent', tooLarge)
    }
    if (!this.down.write(bytes, from, to)) up.pause()
  }

  onTrailers(fields: string[]): void {
    this.trailers = answerFields(fields)
  }

  onEnd(): void {
    const { trailers } = this
    if (this.up === undefined) return
    if (trailers === undefined) return this.break(GRPC.internal, 'server closed the stream without sending trailers')
    const { neverIndexed } = this.up
    this.leave()
    this.owner.answered(parseStatus(fieldOf(trailers, 'grpc-status') ?? ''))
    this.down.sendTrailers(trailers, neverIndexed)
  }

  onDrain(): void {
    this.down.resume()
  }

  onClosed(code: number): void {
    const up = this.letGo()
    if (up === undefined) return
    if (code === ERROR.refusedStream && this.kept.isWhole) return this.owner.refused()
    if (up.isLost) return this.owner.broken(GRPC.unavailable, 'error reading from server: EOF')
    this.owner.broken(statusOfReset(code), `stream terminated by RST_STREAM with error code: ${errorName(code)}`)
  }

  /** The upstream has said all. What the client may still say is of no use to it. */
  private leave(): void {
    const up = this.letGo()
    if (!this.isRequestEnded) up?.reset(ERROR.cancel)
  }

  private letGo(): Http2Stream | undefined {
    const { up } = this
    this.up = undefined
    return up
  }

  private tooLarge(way: 'received' | 'sent', length: number): void {
    const { maxReceivedBytes, maxSentBytes } = this.limits
    this.break(
      GRPC.resourceExhausted,
      way === 'received'
        ? `grpc: received message larger than max (${length} vs. ${maxReceivedBytes})`
        : `trying to send message larger than max (${length} vs. ${maxSentBytes})`,
    )
  }

  private break(code: number, message: string): void {
    this.cancel()
    this.owner.broken(code, message)
  }
}

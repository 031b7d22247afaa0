import { type ClientHttp2Stream, constants, type ServerHttp2Stream } from 'node:http2'
import { resetStream } from '../../socket/reset-stream.ts'
import { answerFields, fieldOf, isGrpcType, trailerObject } from './call-head.ts'
import { MessageMeter } from './message-meter.ts'
import { GRPC, nameOfError, parseStatus, statusOfHttp, statusOfReset } from './status.ts'

/** As much of a request is kept until its answer begins, to be sent again where the first upstream refuses to look at it. */
const MAX_KEPT_BYTES = 65_536

// Node would add a date, which no gRPC answer has.
export const WHOLE_ANSWER = { endStream: true, sendDate: false }
const WITH_TRAILERS = { waitForTrailers: true, sendDate: false }

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
  /** Was the connection lost that carried the call? */
  readonly isConnectionLost: boolean
  /** The upstream's stream is closed. */
  released(): void
}

/** A stream knows its relay, so that listeners are functions of the module and not new ones a call. */
interface Relayed {
  relay: Relay
}

/** One call, both ways: messages pass as they come, slowed to the pace of the receiver, and are only measured. */
export class Relay {
  readonly down: ServerHttp2Stream
  private readonly owner: RelayOwner
  private readonly received: MessageMeter
  private readonly answer: MessageMeter
  private readonly limits: RelayLimits
  private up: ClientHttp2Stream | undefined
  private kept: Buffer[] | undefined = []
  private keptBytes = 0
  private isRequestEnded = false
  private hasAnswer = false
  private isReading = false
  /** The last bytes of the request that have come. */
  private held: Buffer | undefined
  private trailers: readonly string[] | undefined

  constructor(down: ServerHttp2Stream, owner: RelayOwner, limits: RelayLimits) {
    this.down = down
    this.owner = owner
    this.limits = limits
    this.received = new MessageMeter(limits.maxReceivedBytes)
    this.answer = new MessageMeter(Math.min(limits.maxReceivedBytes, limits.maxSentBytes))
    ;(down as ServerHttp2Stream & Relayed).relay = this
    down.on('wantTrailers', onWantTrailers)
  }

  /** Nothing of an answer has been sent. */
  get isUnanswered(): boolean {
    return !this.hasAnswer
  }

  /** From now on the call goes to this upstream, from its beginning. */
  attach(up: ClientHttp2Stream, isRequestEnded: boolean): void {
    this.up = up
    ;(up as ClientHttp2Stream & Relayed).relay = this
    up.on('response', onResponse)
    up.on('trailers', onTrailers)
    up.on('data', onUpData)
    up.on('end', onUpEnd)
    up.on('error', ignore)
    up.on('close', onUpClose)
    if (isRequestEnded) return
    for (const piece of this.kept ?? []) up.write(piece)
    if (this.isRequestEnded) up.end()
    if (this.isReading) return
    this.isReading = true
    this.down.on('data', onDownData)
    this.down.on('end', onDownEnd)
  }

  /** Nobody waits for the upstream any more. */
  cancel(): void {
    const { up } = this
    this.up = undefined
    this.kept = undefined
    this.held = undefined
    if (up === undefined) return
    resetStream(up, constants.NGHTTP2_CANCEL)
    up.resume()
  }

  /** Ends an answer that has begun with these trailers. */
  finish(trailers: readonly string[]): void {
    this.trailers = trailers
    this.down.end()
  }

  // ---- the request

  onDownData(bytes: Buffer): void {
    const { up } = this
    if (up === undefined) return
    if (!this.received.pass(bytes)) return this.tooLarge('received', this.received.tooLarge)
    if (this.kept !== undefined) this.keep(this.kept, bytes)
    if (this.held === undefined) holdBack(this)
    else this.write(up, this.held)
    this.held = bytes
  }

  onDownEnd(): void {
    const { up, held } = this
    this.isRequestEnded = true
    this.held = undefined
    if (held === undefined) up?.end()
    else up?.end(held)
  }

  /** The event loop has come round, and the request has not ended. */
  release(): void {
    const { up, held } = this
    this.held = undefined
    if (up !== undefined && held !== undefined) this.write(up, held)
  }

  private write(up: ClientHttp2Stream, bytes: Buffer): void {
    if (up.write(bytes)) return
    this.down.pause()
    up.once('drain', onUpDrain)
  }

  private keep(kept: Buffer[], bytes: Buffer): void {
    this.keptBytes += bytes.length
    if (this.keptBytes > MAX_KEPT_BYTES) this.kept = undefined
    else kept.push(bytes)
  }

  // ---- the answer

  onResponse(up: ClientHttp2Stream, received: string[], flags: number): void {
    if (up !== this.up) return
    this.kept = undefined
    const fields = answerFields(received)
    const status = Number(fieldOf(fields, ':status'))
    const contentType = fieldOf(fields, 'content-type') ?? ''
    if (status !== 200 || !isGrpcType(contentType)) {
      const code = statusOfHttp(status)
      return this.break(code, `unexpected answer of the upstream: HTTP status ${status}, content-type "${contentType}"`)
    }
    this.hasAnswer = true
    const isWhole = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0
    if (!isWhole) return this.down.respond(fields, WITH_TRAILERS)
    // Trailers-Only: one block of fields that ends the stream. Sent in two, clients would find no status in it.
    this.up = undefined
    this.down.respond(fields, WHOLE_ANSWER)
    this.owner.answered(parseStatus(fieldOf(fields, 'grpc-status') ?? ''))
  }

  onUpData(up: ClientHttp2Stream, bytes: Buffer): void {
    if (up !== this.up) return
    if (!this.answer.pass(bytes)) {
      const { tooLarge } = this.answer
      return this.tooLarge(tooLarge > this.limits.maxReceivedBytes ? 'received' : 'sent', tooLarge)
    }
    if (this.down.write(bytes)) return
    up.pause()
    this.down.once('drain', onDownDrain)
  }

  onTrailers(up: ClientHttp2Stream, fields: readonly string[]): void {
    if (up === this.up) this.trailers = fields
  }

  onUpEnd(up: ClientHttp2Stream): void {
    const { trailers } = this
    // An end that a reset brought about has no trailers either; which of the two it is, `close` tells.
    if (up !== this.up || trailers === undefined) return
    this.up = undefined
    this.down.end()
    this.owner.answered(parseStatus(fieldOf(trailers, 'grpc-status') ?? ''))
  }

  onUpClose(up: ClientHttp2Stream): void {
    this.owner.released()
    if (up !== this.up) return
    this.up = undefined
    const { rstCode } = up
    if (rstCode === constants.NGHTTP2_REFUSED_STREAM && this.kept !== undefined) return this.owner.refused()
    if (this.owner.isConnectionLost) return this.owner.broken(GRPC.unavailable, 'error reading from server: EOF')
    if (rstCode === constants.NGHTTP2_NO_ERROR)
      return this.owner.broken(GRPC.internal, 'server closed the stream without sending trailers')
    this.owner.broken(
      statusOfReset(rstCode),
      `stream terminated by RST_STREAM with error code: ${nameOfError(rstCode)}`,
    )
  }

  resumeRequest(): void {
    this.down.resume()
  }

  resumeAnswer(): void {
    this.up?.resume()
  }

  sendTrailers(): void {
    this.down.sendTrailers(trailerObject(this.trailers ?? []))
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

// Most requests are one message, and its end comes right behind it. Bytes are held back until the event loop comes round, so that
// such a request is one write and one frame.
let heldBack: Relay[] = []

function holdBack(relay: Relay): void {
  if (heldBack.length === 0) setImmediate(releaseAll)
  heldBack.push(relay)
}

function releaseAll(): void {
  const relays = heldBack
  heldBack = []
  for (const relay of relays) relay.release()
}

function onDownData(this: ServerHttp2Stream, bytes: Buffer): void {
  ;(this as ServerHttp2Stream & Relayed).relay.onDownData(bytes)
}

function onDownEnd(this: ServerHttp2Stream): void {
  ;(this as ServerHttp2Stream & Relayed).relay.onDownEnd()
}

function onDownDrain(this: ServerHttp2Stream): void {
  ;(this as ServerHttp2Stream & Relayed).relay.resumeAnswer()
}

function onWantTrailers(this: ServerHttp2Stream): void {
  ;(this as ServerHttp2Stream & Relayed).relay.sendTrailers()
}

function onResponse(this: ClientHttp2Stream, _fields: object, flags: number, fields: string[]): void {
  ;(this as ClientHttp2Stream & Relayed).relay.onResponse(this, fields, flags)
}

function onTrailers(this: ClientHttp2Stream, _fields: object, _flags: number, fields: string[]): void {
  ;(this as ClientHttp2Stream & Relayed).relay.onTrailers(this, fields)
}

function onUpData(this: ClientHttp2Stream, bytes: Buffer): void {
  ;(this as ClientHttp2Stream & Relayed).relay.onUpData(this, bytes)
}

function onUpEnd(this: ClientHttp2Stream): void {
  ;(this as ClientHttp2Stream & Relayed).relay.onUpEnd(this)
}

function onUpDrain(this: ClientHttp2Stream): void {
  ;(this as ClientHttp2Stream & Relayed).relay.resumeRequest()
}

function onUpClose(this: ClientHttp2Stream): void {
  ;(this as ClientHttp2Stream & Relayed).relay.onUpClose(this)
}

/** What goes wrong on a stream also closes it, and `close` knows why. */
function ignore(): void {}

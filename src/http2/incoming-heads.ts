import { ERROR } from '../wire/http2-frames.ts'
import { CLOSING } from './closed-streams.ts'
import type { FieldBlock } from './field-block.ts'
import { areTrailersWellFormed, judgeAnswer, judgeRequest, MALFORMED } from './field-rules.ts'
import type { Http2Session } from './session.ts'
import type { Http2Stream } from './stream.ts'

/** What is known of a field block beside its fields. */
export interface BlockKind {
  readonly endsStream: boolean
  /** Whatever its fields say. */
  readonly isMalformed: boolean
}

/** Interim answers (1xx) to one request. Some upstreams send one every few seconds while they work, none sends this many. */
const MAX_INTERIM_ANSWERS = 1000

/** Fields of all requests at a time of one connection. */
const MAX_HEADS_BYTES = 16_777_216

type WholeBlock = Exclude<FieldBlock, { kind: 'broken' }>

/** What whole field blocks are: requests, answers, or fields behind a body; and what of them is malformed (RFC 9113 §8.1). */
export class IncomingHeads {
  private readonly session: Http2Session
  private readonly isServer: boolean

  constructor(session: Http2Session) {
    this.session = session
    this.isServer = session.options.role === 'server'
  }

  onBlock(streamId: number, block: WholeBlock, kind: BlockKind): void {
    const { session } = this
    const stream = session.open.get(streamId)
    if (stream === undefined) {
      if (this.isServer && streamId > session.lastPeerStreamId) this.onRequest(streamId, block, kind)
      else this.onBlockOfNone(streamId)
    } else if (stream.isPeerDone) {
      session.refuse(streamId, ERROR.streamClosed)
    } else if (block.kind === 'too-large') {
      session.refuse(streamId, ERROR.enhanceYourCalm)
    } else if (kind.isMalformed) {
      session.refuse(streamId, ERROR.protocolError)
    } else {
      stream.neverIndexed = block.neverIndexed
      if (stream.hasHead) this.onTrailers(stream, block.fields, kind)
      else this.onAnswer(stream, block.fields, kind)
    }
  }

  private onBlockOfNone(streamId: number): void {
    const { session } = this
    const closing = session.closed.find(streamId)
    // An upstream may answer late what was cancelled too long ago to be known. A client that goes back in its numbers is no client (§5.1.1).
    const isForgotten = !this.isServer && closing === undefined && !session.isIdle(streamId)
    if (closing === CLOSING.byUs || isForgotten) return
    if (closing === CLOSING.byPeer) session.refuse(streamId, ERROR.streamClosed)
    else session.fail(closing === CLOSING.ended ? ERROR.streamClosed : ERROR.protocolError)
  }

  private onRequest(streamId: number, block: WholeBlock, { endsStream, isMalformed }: BlockKind): void {
    const { session } = this
    if (streamId % 2 === 0) return session.fail(ERROR.protocolError)
    session.lastPeerStreamId = streamId
    if (streamId > session.lastServedStreamId) return session.closed.remember(streamId, CLOSING.byUs)
    if (block.kind === 'too-large') return session.refuse(streamId, ERROR.enhanceYourCalm)
    if (session.open.size >= session.options.maxStreams) return session.refuse(streamId, ERROR.refusedStream)
    const { fields, listBytes, neverIndexed } = block
    // A few bytes on the wire can stand for all of the table (RFC 7541 §7.3), in every request at a time.
    if (session.headBytes > 0 && session.headBytes + listBytes > MAX_HEADS_BYTES)
      return session.refuse(streamId, ERROR.enhanceYourCalm)
    const length = isMalformed ? MALFORMED : judgeRequest(fields)
    if (length === MALFORMED || (endsStream && length > 0)) return session.refuse(streamId, ERROR.protocolError)
    const stream = session.accept(streamId, listBytes)
    stream.neverIndexed = neverIndexed
    stream.hasHead = true
    stream.bodyLeft = length
    stream.isPeerDone = endsStream
    session.user.onStream(stream, fields, endsStream)
  }

  private onAnswer(stream: Http2Stream, fields: string[], { endsStream }: BlockKind): void {
    const { session } = this
    const { status, length } = judgeAnswer(fields)
    const isInterim = status < 200
    const isBodiless = stream.isHeadOnly || status === 204 || status === 304
    if (length === MALFORMED || (isInterim && endsStream) || (endsStream && length > 0 && !isBodiless))
      return session.refuse(stream.id, ERROR.protocolError)
    if (isInterim && ++stream.interims > MAX_INTERIM_ANSWERS) return session.refuse(stream.id, ERROR.enhanceYourCalm)
    if (!isInterim) {
      stream.hasHead = true
      stream.bodyLeft = isBodiless ? 0 : length
    }
    stream.user.onHead(fields, endsStream)
    if (endsStream && !stream.isClosed) stream.receiveEnd()
  }

  private onTrailers(stream: Http2Stream, fields: string[], { endsStream }: BlockKind): void {
    if (!endsStream || stream.bodyLeft > 0 || !areTrailersWellFormed(fields))
      return this.session.refuse(stream.id, ERROR.protocolError)
    stream.receiveTrailers(fields)
    if (!stream.isClosed) stream.receiveEnd()
  }
}

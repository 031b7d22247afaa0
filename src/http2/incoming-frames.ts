import { ERROR, FLAG, FRAME, LARGEST_WINDOW_BYTES, readUint31, readUint32 } from '../wire/http2-frames.ts'
import { CLOSING } from './closed-streams.ts'
import { FieldBlockReader } from './field-block.ts'
import type { FrameSink, IncomingFrame } from './frame-reader.ts'
import { IncomingHeads } from './incoming-heads.ts'
import type { Http2Session } from './session.ts'
import type { Http2Stream } from './stream.ts'

/** What the frames of the peer mean, one after the other (RFC 9113 §6), and which of them end the stream or the connection. */
export class IncomingFrames implements FrameSink {
  private readonly session: Http2Session
  private readonly blocks: FieldBlockReader
  private readonly heads: IncomingHeads
  private hasSettings = false
  /** The stream whose field block has begun and not ended: nothing else may come (§4.3). */
  private blockStreamId = 0
  private blockEndsStream = false
  private blockDependsOnItself = false
  /** Of the DATA that is coming; undefined while it is thrown away. */
  private dataStream: Http2Stream | undefined
  private dataEndsStream = false
  /** Of it, what is padding or has not come yet. */
  private dataLeft = 0
  private hasContent = false

  constructor(session: Http2Session) {
    this.session = session
    this.blocks = new FieldBlockReader(session.options.maxHeadBytes, session.options.maxFields)
    this.heads = new IncomingHeads(session)
  }

  onBroken(code: number): void {
    this.session.fail(code)
  }

  onFrame(frame: IncomingFrame, bytes: Buffer, from: number, to: number): void {
    const { type, flags } = frame
    if (!this.mayCome(frame)) return this.session.fail(ERROR.protocolError)
    switch (type) {
      case FRAME.headers:
        return this.onHeaders(frame, bytes, from, to)
      case FRAME.continuation:
        return this.onBlockPiece((flags & FLAG.endHeaders) !== 0, bytes, from, to)
      case FRAME.priority:
        return this.onPriority(frame, bytes, from, to)
      case FRAME.resetStream:
        return this.onReset(frame, bytes, from, to)
      case FRAME.settings:
        return this.onSettings(frame, bytes, from, to)
      case FRAME.ping:
        return this.onPing(frame, bytes, from, to)
      case FRAME.goaway:
        return this.onGoaway(frame, bytes, from, to)
      case FRAME.windowUpdate:
        return this.onWindowUpdate(frame, bytes, from, to)
      case FRAME.pushPromise:
        // Clients may not, and servers were told not to.
        return this.session.fail(ERROR.protocolError)
      default:
      // Frames that nobody has told us of are extensions, and mean nothing to us (§5.5).
    }
  }

  /** The first frame is SETTINGS, and field blocks are not interrupted. */
  private mayCome({ type, flags, streamId }: IncomingFrame): boolean {
    if (!this.hasSettings) return type === FRAME.settings && (flags & FLAG.ack) === 0
    if (this.blockStreamId !== 0) return type === FRAME.continuation && streamId === this.blockStreamId
    return type !== FRAME.continuation
  }

  // ---- DATA

  onDataHeader(frame: IncomingFrame, length: number): void {
    const { session } = this
    const { streamId, flags } = frame
    this.dataStream = undefined
    if (!this.mayCome(frame) || streamId === 0) return session.fail(ERROR.protocolError)
    if (!session.receiveWindow.use(length)) return session.fail(ERROR.flowControlError)
    session.openWindow()
    const stream = session.open.get(streamId)
    if (stream === undefined) return this.onDataOfNone(streamId)
    if (stream.isPeerDone) return session.refuse(streamId, ERROR.streamClosed)
    if (!stream.hasHead) return session.refuse(streamId, ERROR.protocolError)
    stream.receiveWindow -= length
    if (stream.receiveWindow < 0) return session.refuse(streamId, ERROR.flowControlError)
    this.dataEndsStream = (flags & FLAG.endStream) !== 0
    this.dataStream = stream
    this.dataLeft = length
    this.hasContent = false
  }

  onData(bytes: Buffer, from: number, to: number): void {
    const stream = this.dataStream
    if (stream === undefined || stream.isClosed) return
    const count = to - from
    this.dataLeft -= count
    this.hasContent = true
    if (stream.bodyLeft >= 0) {
      stream.bodyLeft -= count
      if (stream.bodyLeft < 0) return this.session.refuse(stream.id, ERROR.protocolError)
    }
    stream.receive(bytes, from, to)
  }

  onDataEnd(): void {
    const stream = this.dataStream
    this.dataStream = undefined
    if (stream === undefined || stream.isClosed) return
    if (this.dataLeft > 0) this.session.taken(stream, this.dataLeft)
    if (!this.dataEndsStream) {
      // Also DATA that is nothing but padding.
      if (!this.hasContent && !this.session.floods.mayWaste()) this.session.fail(ERROR.enhanceYourCalm)
      return
    }
    if (stream.bodyLeft > 0) return this.session.refuse(stream.id, ERROR.protocolError)
    stream.receiveEnd()
  }

  private onDataOfNone(streamId: number): void {
    const { session } = this
    if (session.isIdle(streamId)) return session.fail(ERROR.protocolError)
    const closing = session.closed.find(streamId)
    if (closing === CLOSING.ended) return session.fail(ERROR.streamClosed)
    if (closing === CLOSING.byPeer) return session.refuse(streamId, ERROR.streamClosed)
  }

  // ---- HEADERS, CONTINUATION, PRIORITY

  private onHeaders({ streamId, flags }: IncomingFrame, bytes: Buffer, from: number, to: number): void {
    const { session } = this
    let start = from
    let end = to
    if (streamId === 0) return session.fail(ERROR.protocolError)
    if ((flags & FLAG.padded) !== 0) {
      end -= start < to ? bytes[start]! : 0
      start++
    }
    this.blockDependsOnItself = false
    if ((flags & FLAG.priority) !== 0) {
      if (start + 5 <= end) this.blockDependsOnItself = readUint31(bytes, start) === streamId
      start += 5
    }
    if (start > end) return session.fail(ERROR.protocolError)
    this.blockStreamId = streamId
    this.blockEndsStream = (flags & FLAG.endStream) !== 0
    this.onBlockPiece((flags & FLAG.endHeaders) !== 0, bytes, start, end)
  }

  private onBlockPiece(isLast: boolean, bytes: Buffer, from: number, to: number): void {
    const { session, blocks } = this
    if (!isLast) {
      if (!blocks.add(bytes, from, to)) session.fail(ERROR.enhanceYourCalm)
      return
    }
    const streamId = this.blockStreamId
    this.blockStreamId = 0
    const block = blocks.end(bytes, from, to)
    if (block.kind === 'broken') return session.fail(block.code)
    const isMalformed = this.blockDependsOnItself || (block.kind === 'fields' && block.isMalformed)
    this.heads.onBlock(streamId, block, { endsStream: this.blockEndsStream, isMalformed })
  }

  /** Means nothing any more (§5.3), but what is no PRIORITY is still an error. */
  private onPriority({ streamId }: IncomingFrame, bytes: Buffer, from: number, to: number): void {
    const { session } = this
    if (streamId === 0) return session.fail(ERROR.protocolError)
    if (to - from !== 5) return session.fail(ERROR.frameSizeError)
    if (readUint31(bytes, from) !== streamId) return
    if (session.open.has(streamId)) session.refuse(streamId, ERROR.protocolError)
    else session.fail(ERROR.protocolError)
  }

  // ---- RST_STREAM, WINDOW_UPDATE

  private onReset({ streamId }: IncomingFrame, bytes: Buffer, from: number, to: number): void {
    const { session } = this
    if (to - from !== 4) return session.fail(ERROR.frameSizeError)
    if (session.isIdle(streamId)) return session.fail(ERROR.protocolError)
    const stream = session.open.get(streamId)
    if (stream === undefined) return
    session.closeStream(stream, readUint32(bytes, from), CLOSING.byPeer)
    if (!session.floods.mayReset()) session.fail(ERROR.enhanceYourCalm)
  }

  private onWindowUpdate({ streamId }: IncomingFrame, bytes: Buffer, from: number, to: number): void {
    const { session } = this
    if (to - from !== 4) return session.fail(ERROR.frameSizeError)
    const increment = readUint31(bytes, from)
    if (streamId === 0) {
      session.sendWindow += increment
      if (increment === 0) return session.fail(ERROR.protocolError)
      if (session.sendWindow > LARGEST_WINDOW_BYTES) return session.fail(ERROR.flowControlError)
      return session.makeRoom()
    }
    if (session.isIdle(streamId)) return session.fail(ERROR.protocolError)
    const stream = session.open.get(streamId)
    if (stream === undefined) return
    stream.sendWindow += increment
    if (increment === 0) session.refuse(streamId, ERROR.protocolError)
    else if (stream.sendWindow > LARGEST_WINDOW_BYTES) session.refuse(streamId, ERROR.flowControlError)
    else session.makeRoom()
  }

  // ---- SETTINGS, PING, GOAWAY

  private onSettings({ streamId, flags }: IncomingFrame, bytes: Buffer, from: number, to: number): void {
    const { session } = this
    const { peer } = session
    if (streamId !== 0) return session.fail(ERROR.protocolError)
    if ((flags & FLAG.ack) !== 0) {
      if (to > from) return session.fail(ERROR.frameSizeError)
      return session.user.onSettled()
    }
    if ((to - from) % 6 !== 0) return session.fail(ERROR.frameSizeError)
    if (!session.floods.mayWaste()) return session.fail(ERROR.enhanceYourCalm)
    const windowBytes = peer.streamWindowBytes
    const code = peer.apply(bytes, from, to)
    if (code !== ERROR.noError) return session.fail(code)
    session.output.setMaxTableBytes(peer.tableBytes)
    if (peer.streamWindowBytes !== windowBytes) this.moveWindows(peer.streamWindowBytes - windowBytes)
    if (!this.mayAnswer()) return
    session.output.writeSettingsAck()
    if (this.hasSettings) return
    this.hasSettings = true
    session.user.onReady()
  }

  /** The windows of all streams change with the peer's SETTINGS, and may become negative (§6.9.2). */
  private moveWindows(difference: number): void {
    const { session } = this
    for (const stream of session.open.values()) {
      stream.sendWindow += difference
      if (stream.sendWindow > LARGEST_WINDOW_BYTES) return session.fail(ERROR.flowControlError)
    }
    if (difference > 0) session.makeRoom()
  }

  private onPing({ streamId, flags }: IncomingFrame, bytes: Buffer, from: number, to: number): void {
    const { session } = this
    if (streamId !== 0) return session.fail(ERROR.protocolError)
    if (to - from !== 8) return session.fail(ERROR.frameSizeError)
    if ((flags & FLAG.ack) !== 0) return session.pings.answered(bytes, from)
    if (this.mayAnswer()) session.output.writePing(bytes, from, { isAck: true })
  }

  private onGoaway({ streamId }: IncomingFrame, bytes: Buffer, from: number, to: number): void {
    const { session } = this
    if (streamId !== 0) return session.fail(ERROR.protocolError)
    if (to - from < 8) return session.fail(ERROR.frameSizeError)
    session.peerGoes(readUint31(bytes, from))
  }

  /** Who asks on and on and reads no answer is left. */
  private mayAnswer(): boolean {
    const { session } = this
    if (!session.isOver && session.floods.mayAsk(session.link.isFull)) return true
    session.fail(ERROR.enhanceYourCalm)
    return false
  }
}

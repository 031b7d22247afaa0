import type { Link, LinkUser } from '../socket/link.ts'
import { ERROR, FIRST_WINDOW_BYTES, LARGEST_STREAM_ID, MAX_FRAME_BYTES } from '../wire/http2-frames.ts'
import { CLOSING, ClosedStreams, type Closing } from './closed-streams.ts'
import { isHeadRequest } from './field-rules.ts'
import { FloodLimits } from './flood-limits.ts'
import { FrameReader } from './frame-reader.ts'
import { IncomingFrames } from './incoming-frames.ts'
import { writeOpening } from './opening.ts'
import { Output } from './output.ts'
import { PeerSettings } from './peer-settings.ts'
import { Pings } from './pings.ts'
import { ReceiveWindow } from './receive-window.ts'
import type { SessionOptions, SessionUser } from './session-user.ts'
import { Http2Stream, type SentHead, type StreamHost, type StreamUser } from './stream.ts'
import { WaitingStreams } from './waiting-streams.ts'

/** The peer takes so little of what it asks for that it is asked nothing more. */
const MAX_UNSENT_BYTES = 262_144
/** Of one read: more can wait for the next turn of the loop. */
const MANY_STREAMS = 100

/** One HTTP/2 connection (RFC 9113) of either role, on a link that is its own from here on. */
export class Http2Session implements LinkUser, StreamHost {
  readonly link: Link
  readonly user: SessionUser
  readonly options: SessionOptions
  readonly output: Output
  readonly pings: Pings
  readonly floods: FloodLimits
  readonly peer: PeerSettings
  readonly open = new Map<number, Http2Stream>()
  readonly closed = new ClosedStreams()
  /** What the peer may still send, and what we may still send, on all streams. */
  readonly receiveWindow: ReceiveWindow
  sendWindow = FIRST_WINDOW_BYTES
  /** The last stream that the peer has opened. */
  lastPeerStreamId = 0
  /** Streams above this one are not looked at. */
  lastServedStreamId = LARGEST_STREAM_ID
  /** Of the heads of all streams that the peer has opened. */
  headBytes = 0
  /** No stream is open, and none will be. */
  isOver = false
  /** What came in one read is being handed over. */
  isReading = false
  private readonly reader: FrameReader
  private readonly waiting = new WaitingStreams()
  private nextStreamId = 1
  private openedNow = 0
  private hasNewRoom = false
  private isClosing = false
  /** The peer has said that it takes no more streams. */
  private isGone = false
  private isPausedForOutput = false

  constructor(link: Link, user: SessionUser, options: SessionOptions) {
    const isServer = options.role === 'server'
    this.link = link
    this.user = user
    this.options = options
    this.output = new Output(link)
    this.pings = new Pings(this.output)
    this.floods = new FloodLimits(options.maxResets)
    this.peer = new PeerSettings({ isClient: isServer })
    this.reader = new FrameReader(new IncomingFrames(this), { hasPreface: isServer })
    this.receiveWindow = new ReceiveWindow(options.sessionWindowBytes)
    writeOpening(this.output, options)
  }

  /** Client: may another request be made? */
  get hasRoom(): boolean {
    if (this.isOver || this.isClosing || this.isGone || this.nextStreamId > LARGEST_STREAM_ID) return false
    return this.open.size < this.peer.maxStreams
  }

  /** Client: sends the head of a request. */
  request(head: SentHead, user: StreamUser): Http2Stream {
    const stream = this.createStream(this.nextStreamId)
    this.nextStreamId += 2
    stream.user = user
    stream.isHeadOnly = isHeadRequest(head.fields)
    stream.sendHead(head)
    // The last stream there is (§5.1.1): the next request wants another connection.
    if (this.nextStreamId > LARGEST_STREAM_ID) this.peerGoes(LARGEST_STREAM_ID)
    return stream
  }

  /** Says that there will be no stream above this one. */
  goaway(code: number, lastStreamId = this.lastPeerStreamId): void {
    if (!this.isOver) this.output.writeGoaway(lastStreamId, code)
  }

  /** Takes no more streams, and is over with the last. */
  close(): void {
    if (this.isClosing || this.isOver) return
    this.isClosing = true
    this.lastServedStreamId = this.lastPeerStreamId
    this.goaway(ERROR.noError)
    if (this.open.size === 0) this.finish(ERROR.noError)
  }

  /** Ends the connection for an error of the peer's, or of ours, and all streams with it. */
  fail(code: number): void {
    if (this.isOver) return
    this.goaway(code)
    this.finish(code)
  }

  // ---- what the link says

  onBytes(bytes: Buffer, length: number): void {
    this.openedNow = 0
    this.isReading = true
    this.reader.read(bytes, 0, length)
    this.isReading = false
    this.user.onRead()
    if (this.hasNewRoom) this.pump()
    if (this.openedNow > MANY_STREAMS) this.link.standBack()
    if (this.isOver || this.isPausedForOutput || this.link.pendingBytes < MAX_UNSENT_BYTES) return
    this.isPausedForOutput = true
    this.link.pause()
  }

  onEnd(): void {
    // When all is said the last of it may still be on its way, to who has nothing more to say either.
    if (!this.isOver) this.link.destroy()
  }

  onDrain(): void {
    if (this.isPausedForOutput) {
      this.isPausedForOutput = false
      this.link.resume()
    }
    this.pump()
  }

  onClose(error: NodeJS.ErrnoException | undefined): void {
    this.output.close()
    this.loseStreams(ERROR.cancel)
    this.user.onClosed(error)
  }

  // ---- what streams ask

  sendData(stream: Http2Stream, bytes: Buffer, from: number, to: number): number {
    let at = from
    while (at < to && !this.link.isFull && !this.isOver) {
      const count = Math.min(to - at, MAX_FRAME_BYTES, this.sendWindow, stream.sendWindow)
      if (count <= 0) break
      this.output.writeData(stream.id, bytes, at, at + count)
      this.sendWindow -= count
      stream.sendWindow -= count
      at += count
    }
    return at
  }

  sendHeaders({ id }: Http2Stream, head: SentHead): void {
    if (!this.isOver) this.output.writeHeaders(id, head)
  }

  sendEnd({ id }: Http2Stream): void {
    if (!this.isOver) this.output.writeEnd(id)
  }

  awaitRoom(stream: Http2Stream): void {
    this.waiting.add(stream)
  }

  taken(stream: Http2Stream, count: number): void {
    if (stream.isClosed || stream.isPeerDone) return
    stream.untoldBytes += count
    if (stream.untoldBytes < this.options.streamWindowBytes / 2) return
    this.output.writeWindowUpdate(stream.id, stream.untoldBytes)
    stream.receiveWindow += stream.untoldBytes
    stream.untoldBytes = 0
  }

  kept(count: number): void {
    this.receiveWindow.keep(count)
  }

  freed(count: number): void {
    this.receiveWindow.free(count)
    this.openWindow()
  }

  resetByUs(stream: Http2Stream, code: number): void {
    if (!this.isOver) this.output.writeReset(stream.id, code)
    this.closeStream(stream, code, CLOSING.byUs)
  }

  ended(stream: Http2Stream): void {
    this.closeStream(stream, ERROR.noError, CLOSING.ended)
  }

  // ---- what the peer's frames ask

  /** The peer may send on all streams what it has sent, where that is worth a frame. */
  openWindow(): void {
    if (this.isOver) return
    const increment = this.receiveWindow.takeIncrement()
    if (increment > 0) this.output.writeWindowUpdate(0, increment)
  }

  /** Nobody has opened this stream. */
  isIdle(id: number): boolean {
    const isOurs = (id % 2 === 1) === (this.options.role === 'client')
    return id === 0 || (isOurs ? id >= this.nextStreamId : id > this.lastPeerStreamId)
  }

  /** The peer looks at no stream of ours above this one, and takes no new ones. */
  peerGoes(lastStreamId: number): void {
    if (this.options.role === 'client') {
      // Before anybody is told of a refusal, and asks again.
      this.isGone = true
      this.user.onGoaway()
      for (const stream of [...this.open.values()])
        if (stream.id > lastStreamId) this.closeStream(stream, ERROR.refusedStream, CLOSING.byPeer)
    } else {
      this.user.onGoaway()
    }
    if (this.open.size === 0) this.close()
  }

  /** What waited for a window may go on, when all that has come was read. */
  makeRoom(): void {
    this.hasNewRoom = true
  }

  /** The peer has opened a stream. */
  accept(id: number, headBytes: number): Http2Stream {
    const stream = this.createStream(id)
    stream.headBytes = headBytes
    this.headBytes += headBytes
    this.openedNow++
    return stream
  }

  /** The peer's fault ends a stream, which may never have been one. */
  refuse(id: number, code: number): void {
    const stream = this.open.get(id)
    if (stream !== undefined) stream.reset(code)
    else {
      this.output.writeReset(id, code)
      this.closed.remember(id, CLOSING.byUs)
    }
    if (!this.floods.mayReset()) this.fail(ERROR.enhanceYourCalm)
  }

  closeStream(stream: Http2Stream, code: number, closing: Closing): void {
    if (!this.open.delete(stream.id)) return
    this.headBytes -= stream.headBytes
    this.waiting.delete(stream)
    this.closed.remember(stream.id, closing)
    stream.closed(code)
    if (this.isOver) return
    this.user.onStreamClosed()
    if (this.open.size > 0) return
    if (this.isClosing) this.finish(ERROR.noError)
    else if (this.isGone) this.close()
  }

  private createStream(id: number): Http2Stream {
    const windows = { send: this.peer.streamWindowBytes, receive: this.options.streamWindowBytes }
    const stream = new Http2Stream(id, this, windows)
    this.open.set(id, stream)
    return stream
  }

  /** What waits gets what room there is. */
  private pump(): void {
    this.hasNewRoom = false
    this.waiting.send(() => this.sendWindow > 0 && !this.link.isFull && !this.isOver)
  }

  private finish(code: number): void {
    this.output.close()
    this.reader.stop()
    this.loseStreams(code)
    this.link.finish()
    this.user.onOver(code)
  }

  private loseStreams(code: number): void {
    this.isOver = true
    for (const stream of [...this.open.values()]) {
      stream.isLost = true
      this.closeStream(stream, code, CLOSING.byUs)
    }
  }
}

import { ERROR } from '../wire/http2-frames.ts'
import { PieceQueue } from './piece-queue.ts'

/** Who gets what the peer sends on a stream, and what becomes of what it is sent. */
export interface StreamUser {
  /** Client: the head of an answer, also those of 1xx, which are never whole. */
  onHead(fields: string[], isWhole: boolean): void
  /** `bytes[from, to)` is lent for the call. Nothing comes while the stream is paused. */
  onData(bytes: Buffer, from: number, to: number): void
  /** Fields behind the body; the end follows. */
  onTrailers(fields: string[]): void
  /** The peer has said all. Not called for a request that was whole with its head. */
  onEnd(): void
  /** All that was written is on its way, after a write that said otherwise. */
  onDrain(): void
  /** The stream is closed, once, and nothing comes after. NO_ERROR: both sides have said all. */
  onClosed(code: number): void
}

/** Fields to be sent. */
export interface SentHead {
  /** Names and values in turn. */
  readonly fields: readonly string[]
  /** Nothing follows. */
  readonly isWhole: boolean
  readonly neverIndexed?: ReadonlySet<string> | undefined
}

/** What a stream asks of its connection. */
export interface StreamHost {
  /** Sends what windows and socket take now. @returns where the bytes begin that it did not take */
  sendData(stream: Http2Stream, bytes: Buffer, from: number, to: number): number
  sendHeaders(stream: Http2Stream, head: SentHead): void
  sendEnd(stream: Http2Stream): void
  /** There is something to send for which there is no room. */
  awaitRoom(stream: Http2Stream): void
  /** As many bytes of what came have been passed on, or kept until they can be. */
  taken(stream: Http2Stream, count: number): void
  kept(count: number): void
  freed(count: number): void
  resetByUs(stream: Http2Stream, code: number): void
  /** Both sides have said all. */
  ended(stream: Http2Stream): void
}

const NOBODY: StreamUser = { onHead() {}, onData() {}, onTrailers() {}, onEnd() {}, onDrain() {}, onClosed() {} }

/** One stream of an HTTP/2 connection (RFC 9113 §5), of either role. */
export class Http2Stream {
  user: StreamUser = NOBODY
  readonly id: number
  /** What the peer lets us send, and what we let it send, in bytes. */
  sendWindow: number
  receiveWindow: number
  /** What was passed on, and the peer has not been told yet that it may send again. */
  untoldBytes = 0
  /** Of the body that is coming, as Content-Length says; -1 when nothing says. */
  bodyLeft = -1
  /** The head has come that a body follows. */
  hasHead = false
  /** What its head takes of the memory that the peer's requests may have. */
  headBytes = 0
  /** Answers of 1xx that have come. */
  interims = 0
  /** The request was HEAD: the answer's length says nothing of what comes. */
  isHeadOnly = false
  /** Of the fields that came last, names of those that must not be indexed further on either (RFC 7541 §6.2.3). */
  neverIndexed: ReadonlySet<string> | undefined
  isClosed = false
  /** The peer has said all. */
  isPeerDone = false
  /** We have said all, though some of it may still wait. */
  isEnded = false
  /** The connection went away under it. */
  isLost = false
  private readonly host: StreamHost
  private isSent = false
  private isToDrain = false
  private readonly queue = new PieceQueue()
  private trailers: SentHead | undefined
  private isPaused = false
  private isDelivering = false
  private readonly kept = new PieceQueue()
  private keptTrailers: string[] | undefined
  private isEndKept = false
  private isCloseKept = false

  constructor(id: number, host: StreamHost, windows: { readonly send: number; readonly receive: number }) {
    this.id = id
    this.host = host
    this.sendWindow = windows.send
    this.receiveWindow = windows.receive
  }

  /** Nothing was asked on the connection before. */
  get isFirst(): boolean {
    return this.id === 1
  }

  /** Bytes that were written and wait for a window, or for the socket. */
  get pendingBytes(): number {
    return this.queue.bytes
  }

  // ---- what we send

  sendHead(head: SentHead): void {
    if (this.isClosed || this.isEnded) return
    this.host.sendHeaders(this, head)
    if (!head.isWhole) return
    this.isEnded = true
    this.sent()
  }

  /** @returns false when the writer should wait for `onDrain` */
  write(bytes: Buffer, from: number, to: number): boolean {
    if (this.isClosed || this.isEnded || from === to) return true
    const at = this.queue.bytes > 0 ? from : this.host.sendData(this, bytes, from, to)
    if (at === to) return true
    this.queue.push(bytes, at, to)
    this.isToDrain = true
    this.host.awaitRoom(this)
    return false
  }

  end(): void {
    if (this.isClosed || this.isEnded) return
    this.isEnded = true
    if (this.queue.bytes === 0) this.sendLast()
  }

  /** Ends with these fields behind the body. */
  sendTrailers(fields: readonly string[], neverIndexed?: ReadonlySet<string>): void {
    if (this.isClosed || this.isEnded) return
    this.trailers = { fields, isWhole: true, neverIndexed }
    this.end()
  }

  /** Ends the stream both ways at once. What still waits to be sent is dropped. */
  reset(code: number): void {
    if (!this.isClosed) this.host.resetByUs(this, code)
    else if (this.isCloseKept) this.drop(code)
  }

  /** There is room. @returns whether something was sent of what waited */
  sendQueued(): boolean {
    const first = this.queue.first()
    if (this.isClosed || first === undefined) return false
    const count = this.host.sendData(this, first.bytes, first.from, first.to) - first.from
    if (count === 0) return false
    this.queue.take(count)
    if (this.queue.bytes > 0) return true
    if (this.isEnded) {
      this.sendLast()
    } else if (this.isToDrain) {
      this.isToDrain = false
      this.user.onDrain()
    }
    return true
  }

  private sendLast(): void {
    const { trailers } = this
    if (trailers === undefined) this.host.sendEnd(this)
    else this.host.sendHeaders(this, trailers)
    this.sent()
  }

  private sent(): void {
    this.isSent = true
    if (this.isPeerDone) this.host.ended(this)
  }

  // ---- what the peer sends

  /** Nothing is delivered until `resume`; the peer may go on until its window is used up. */
  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    if (!this.isPaused) return
    this.isPaused = false
    if (!this.isDelivering) this.deliverKept()
  }

  private get isHolding(): boolean {
    return this.isPaused || this.kept.bytes > 0
  }

  receive(bytes: Buffer, from: number, to: number): void {
    if (this.isHolding) {
      this.kept.push(bytes, from, to)
      this.host.kept(to - from)
      return
    }
    this.user.onData(bytes, from, to)
    this.host.taken(this, to - from)
  }

  receiveTrailers(fields: string[]): void {
    if (this.isHolding) this.keptTrailers = fields
    else this.user.onTrailers(fields)
  }

  /** The peer has said all. */
  receiveEnd(): void {
    this.isPeerDone = true
    if (this.isHolding) this.isEndKept = true
    else this.user.onEnd()
    if (this.isSent && !this.isClosed) this.host.ended(this)
  }

  /** The session has let go of it. */
  closed(code: number): void {
    this.isClosed = true
    this.queue.clear()
    // What came in good order is still to be had by who is slow to take it.
    if (code === ERROR.noError && this.isEndKept) this.isCloseKept = true
    else this.drop(code)
  }

  /** Nobody is told anything any more. */
  private drop(code: number): void {
    if (this.kept.bytes > 0) this.host.freed(this.kept.bytes)
    this.kept.clear()
    this.isCloseKept = false
    this.isEndKept = false
    const { user } = this
    this.user = NOBODY
    user.onClosed(code)
  }

  private deliverKept(): void {
    this.isDelivering = true
    while (!this.isPaused) {
      const piece = this.kept.first()
      if (piece === undefined) break
      const { bytes, from, to } = piece
      this.user.onData(bytes, from, to)
      // Not before: its buffer goes to the next who needs one.
      if (this.kept.first() !== piece) break
      this.kept.take(to - from)
      this.host.freed(to - from)
      this.host.taken(this, to - from)
    }
    this.isDelivering = false
    if (this.isHolding) return
    const { keptTrailers } = this
    this.keptTrailers = undefined
    if (keptTrailers !== undefined) this.user.onTrailers(keptTrailers)
    if (!this.isEndKept || this.isPaused) return
    this.isEndKept = false
    this.user.onEnd()
    if (this.isCloseKept) this.drop(ERROR.noError)
  }
}

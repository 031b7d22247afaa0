import type { TLSSocket } from 'node:tls'
import { Http2Session } from '../http2/session.ts'
import type { SessionOptions, SessionUser } from '../http2/session-user.ts'
import type { Http2Stream, SentHead, StreamUser } from '../http2/stream.ts'
import type { Expiring } from '../socket/deadlines.ts'
import type { Link } from '../socket/link.ts'
import { errorName } from '../wire/http2-frames.ts'
import type { Http2Pool, SessionSeeker } from './http2-pool.ts'

/** Bytes an upstream may send on one stream, and on all of a session, before we have passed them on. */
const STREAM_WINDOW_BYTES = 262_144
const SESSION_WINDOW_BYTES = 4_194_304
/** `:status` is counted too. */
const PSEUDO_FIELDS = 1
/** How long an upstream may take to hang up when its session is over. */
const LINGER_MS = 1000

/** One HTTP/2 connection to an upstream (RFC 9113), for many requests at a time. */
export class Http2Upstream implements Expiring, SessionUser {
  dueAt = Number.POSITIVE_INFINITY
  spoke = -1
  /** Who waits for it to be ready. */
  readonly waiting = new Set<SessionSeeker>()
  private readonly pool: Http2Pool
  private session: Http2Session | undefined
  private link: Link | undefined
  private state: 'opening' | 'ready' | 'ending' = 'opening'
  private isLate = false

  constructor(pool: Http2Pool) {
    this.pool = pool
  }

  get isOpening(): boolean {
    return this.state === 'opening'
  }

  get isReady(): boolean {
    return this.state === 'ready'
  }

  /** Requests under way. */
  get streams(): number {
    return this.session?.open.size ?? 0
  }

  get hasRoom(): boolean {
    return this.state === 'ready' && this.session?.hasRoom === true
  }

  /** Begins to connect: TCP, TLS when the address has it, and then the other end's SETTINGS, without which it speaks no HTTP/2. */
  dial(): void {
    const { address, dialer } = this.pool
    const { host, port, tls } = address
    const isHere = { onBytes() {}, onEnd() {}, onDrain() {}, onClose: (error?: Error) => this.onClosed(error) }
    this.link = dialer.dial({ host, port, tls, protocol: 'h2' }, isHere, () => this.begin(this.link!))
  }

  /** Sends a request, for which there must be room. */
  request(head: SentHead, user: StreamUser): Http2Stream {
    return this.session!.request(head, user)
  }

  /** The bytes being delivered are still needed after the call. */
  keepBytes(): void {
    this.link?.keepBytes()
  }

  /** No more requests. What is under way may go on for so long; 0 is no limit. */
  finish(graceMs: number): void {
    const wasOpening = this.state === 'opening'
    this.retire()
    if (wasOpening) this.link?.destroy()
    else if (graceMs > 0 && this.session?.isOver === false) this.pool.deadlines.set(this, graceMs)
  }

  onDeadline(): void {
    this.isLate = true
    this.link?.destroy()
  }

  // ---- what the session says

  onReady(): void {
    const { pool } = this
    if (this.state !== 'opening') return
    this.state = 'ready'
    pool.deadlines.clear(this)
    if (!this.hasRoom) {
      // Who waits would make connections for ever.
      this.refuse(new Error('the upstream takes no requests'))
      return this.retire()
    }
    for (const seeker of this.takeWaiting()) {
      if (this.hasRoom) seeker.onSession(this)
      else pool.connect(seeker)
    }
    pool.serve(this)
    if (pool.isAbandoned) this.finish(pool.address.graceMs)
  }

  /** It takes no new streams from now on; those under way come to their end, or are refused one by one. */
  onGoaway(): void {
    this.retire()
  }

  onStreamClosed(): void {
    if (this.state === 'ready') this.pool.serve(this)
  }

  onOver(code: number): void {
    this.retire()
    this.pool.deadlines.set(this, LINGER_MS)
    this.refuse(new Error(`the connection failed: ${errorName(code)}`))
  }

  onClosed(error: NodeJS.ErrnoException | undefined): void {
    const { pool } = this
    this.state = 'ending'
    pool.deadlines.remove(this)
    pool.forget(this)
    this.refuse(error)
  }

  // An upstream makes no requests, when it knows our SETTINGS makes no difference, and answers leave together anyway.
  onStream(): void {}
  onRead(): void {}
  onSettled(): void {}

  private begin(link: Link): void {
    const { deadlines, limits, address } = this.pool
    if (address.tls !== undefined && (link.socket as TLSSocket).alpnProtocol !== 'h2')
      return void link.socket.destroy(new Error('the upstream does not offer HTTP/2 (ALPN)'))
    if (limits.dialTimeoutMs > 0) deadlines.set(this, limits.dialTimeoutMs)
    const options: SessionOptions = {
      role: 'client',
      maxHeadBytes: limits.maxHeadBytes,
      maxFields: limits.maxHeaders + PSEUDO_FIELDS,
      maxStreams: 0,
      maxResets: Number.POSITIVE_INFINITY,
      streamWindowBytes: STREAM_WINDOW_BYTES,
      sessionWindowBytes: SESSION_WINDOW_BYTES,
    }
    this.session = new Http2Session(link, this, options)
    link.user = this.session
  }

  private refuse(error: NodeJS.ErrnoException | undefined): void {
    const fault = this.isLate || error?.code === 'ETIMEDOUT' ? 'connect-timeout' : 'connect'
    for (const seeker of this.takeWaiting()) seeker.onNoSession(fault, error)
  }

  private takeWaiting(): SessionSeeker[] {
    const seekers = [...this.waiting]
    this.waiting.clear()
    return seekers
  }

  private retire(): void {
    if (this.state === 'ending') return
    this.state = 'ending'
    this.pool.forget(this)
    this.session?.close()
  }
}

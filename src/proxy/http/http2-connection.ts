import { Http2Session } from '../../http2/session.ts'
import type { SessionUser } from '../../http2/session-user.ts'
import type { Http2Stream } from '../../http2/stream.ts'
import type { Deadlines, Expiring } from '../../socket/deadlines.ts'
import type { Link } from '../../socket/link.ts'
import { ERROR, LARGEST_STREAM_ID } from '../../wire/http2-frames.ts'
import type { ClientFacts } from './request-head.ts'

/** What an HTTP/2 listener lets a client do. Times in milliseconds, 0 is no limit. */
export interface Http2Limits {
  readonly maxHeadBytes: number
  readonly maxHeaders: number
  /** Requests at a time. */
  readonly maxStreams: number
  /** Requests that may be cancelled at once; a thirtieth of it is forgiven every second. */
  readonly maxResets: number
  /** From the connection's beginning until the client has acknowledged our SETTINGS. */
  readonly headerTimeoutMs: number
  /** Without a request. */
  readonly idleTimeoutMs: number
}

/** What a connection needs of whoever serves its requests. */
export interface Http2Host {
  readonly deadlines: Deadlines
  /** A request has arrived. `fields` are names and values in turn, the client's order, Latin-1. */
  onStream(connection: Http2Connection, stream: Http2Stream, fields: string[], isWhole: boolean): void
  closed(connection: Http2Connection): void
  /** A bug kept a request from being served. */
  failed(cause: unknown): void
}

/** A body of which some has come. */
export interface BatchedBody {
  onBatch(): void
}

/** Bytes of request bodies that may be under way on one stream before we have passed them on. */
const STREAM_WINDOW_BYTES = 262_144
const SESSION_WINDOW_BYTES = 1_048_576
/** Not counted by `maxHeaders`: pseudo-header fields, and some more, so that who sends a few too many is told so. */
const MORE_FIELDS = 8
/** How long the first GOAWAY is given to reach the client, where its answer to a PING does not come first. */
const GOAWAY_MS = 1000
/** How long a client may take to hang up after the last answer. */
const LINGER_MS = 1000

/** One client's HTTP/2 connection (RFC 9113): how long it may last, and how it ends. */
export class Http2Connection implements SessionUser, Expiring {
  dueAt = Number.POSITIVE_INFINITY
  spoke = -1
  readonly client: ClientFacts
  /** What the link's bytes are for. */
  readonly session: Http2Session
  /** Requests under way, without those that have become tunnels. */
  requests = 0
  /** Streams that speak another protocol by now (RFC 8441). */
  tunnels = 0
  private readonly host: Http2Host
  private readonly limits: Http2Limits
  private batched: BatchedBody[] = []
  private isSettled = false
  private isFinishing = false
  /** It is over, and neither side has broken the protocol. */
  private isGoodbye = false

  constructor(link: Link, client: ClientFacts, host: Http2Host, limits: Http2Limits) {
    this.client = client
    this.host = host
    this.limits = limits
    this.session = new Http2Session(link, this, {
      role: 'server',
      maxHeadBytes: limits.maxHeadBytes,
      maxFields: limits.maxHeaders + MORE_FIELDS,
      maxStreams: limits.maxStreams,
      maxResets: limits.maxResets,
      streamWindowBytes: STREAM_WINDOW_BYTES,
      sessionWindowBytes: SESSION_WINDOW_BYTES,
    })
    if (limits.headerTimeoutMs > 0) host.deadlines.set(this, limits.headerTimeoutMs)
  }

  /** All that is open is tunnels, which nobody waits for. */
  get isTunnel(): boolean {
    return this.tunnels > 0 && this.requests === 0
  }

  onDeadline(): void {
    const { session } = this
    if (session.isOver) {
      // The last answer is still on its way: who takes it slowly is not gone.
      if (this.isGoodbye && session.link.pendingBytes > 0) return this.host.deadlines.set(this, LINGER_MS)
      return session.link.destroy()
    }
    if (!this.isFinishing && !this.isSettled) session.fail(ERROR.settingsTimeout)
    else if (this.isFinishing || this.requests + this.tunnels === 0) session.close()
  }

  /** A request is over. */
  ended(wasTunnel: boolean): void {
    if (wasTunnel) this.tunnels--
    else this.requests--
    if (!this.isFinishing) this.arm()
  }

  /** A request has become a tunnel. */
  switched(): void {
    this.requests--
    this.tunnels++
  }

  /**
   * Takes no further requests, in two steps (RFC 9113 §6.8): the first GOAWAY says that there will be no more, and what is on its
   * way by then is still served; the second says which was the last.
   */
  finish(): void {
    if (this.isFinishing || this.session.isOver) return
    this.isFinishing = true
    this.session.goaway(ERROR.noError, LARGEST_STREAM_ID)
    this.host.deadlines.set(this, GOAWAY_MS)
    this.session.pings.ask(() => this.session.close())
  }

  destroy(): void {
    this.session.link.destroy()
  }

  /** The bytes being delivered are needed for longer. */
  keepBytes(): void {
    this.session.link.keepBytes()
  }

  // ---- what the session says

  onStream(stream: Http2Stream, fields: string[], isWhole: boolean): void {
    this.requests++
    try {
      this.host.onStream(this, stream, fields, isWhole)
    } catch (cause) {
      // A bug. It costs this request, nothing else.
      this.host.failed(cause)
      stream.reset(ERROR.internalError)
    }
  }

  /** More of a body may have come in the same read, to be passed on in one piece. */
  batch(body: BatchedBody): void {
    if (this.session.isReading) this.batched.push(body)
    else body.onBatch()
  }

  onRead(): void {
    const { batched } = this
    if (batched.length === 0) return
    this.batched = []
    for (const body of batched) body.onBatch()
  }

  onReady(): void {}

  onSettled(): void {
    if (this.isSettled) return
    this.isSettled = true
    if (!this.isFinishing) this.arm()
  }

  onGoaway(): void {}

  onStreamClosed(): void {}

  onOver(code: number): void {
    this.isGoodbye = code === ERROR.noError
    this.host.deadlines.set(this, LINGER_MS)
  }

  onClosed(): void {
    this.host.deadlines.remove(this)
    this.host.closed(this)
  }

  /** The time that counts now: until the client has settled, or without a request. */
  private arm(): void {
    const { idleTimeoutMs } = this.limits
    if (!this.isSettled || this.session.isOver) return
    if (idleTimeoutMs > 0 && this.requests + this.tunnels === 0) this.host.deadlines.set(this, idleTimeoutMs)
    else if (this.dueAt !== Number.POSITIVE_INFINITY) this.host.deadlines.clear(this)
  }
}

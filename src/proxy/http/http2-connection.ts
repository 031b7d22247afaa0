import http2, { constants, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type net from 'node:net'
import type { Deadlines, Expiring } from '../../socket/deadlines.ts'
import type { LinkUser } from '../../socket/link.ts'
import { resetStream } from '../../socket/reset-stream.ts'
import type { ClientFacts } from './request-head.ts'

/** What an HTTP/2 listener lets a client do. Times in milliseconds, 0 is no limit. */
export interface Http2Limits {
  readonly maxHeadBytes: number
  readonly maxHeaders: number
  /** Requests at a time. */
  readonly maxStreams: number
  /** Requests that may be cancelled at once; a thirtieth of it is forgiven every second. */
  readonly maxResets: number
  /** From the connection's beginning to the end of the client's first frame. */
  readonly headerTimeoutMs: number
  /** Without a request. */
  readonly idleTimeoutMs: number
}

/** What a connection needs of whoever serves its requests. */
export interface Http2Host {
  readonly deadlines: Deadlines
  /** A request has arrived. `fields` are names and values in turn, the client's order, Latin-1. */
  onStream(connection: Http2Connection, stream: ServerHttp2Stream, fields: string[], flags: number): void
  closed(connection: Http2Connection): void
  /** A bug kept a request from being served. */
  failed(cause: unknown): void
}

/** Bytes of request bodies that may be under way on one stream before we have passed them on. */
const STREAM_WINDOW_BYTES = 262_144
const SESSION_WINDOW_BYTES = 1_048_576
/** Megabytes one connection may make Node hold: header tables, frames that wait, answers on their way out. */
const SESSION_MEMORY_MB = 32
/** Pseudo-header fields are counted by nghttp2 too. */
const PSEUDO_FIELDS = 8
const MAX_STREAM_ID = 2 ** 31 - 1
/** How long the first GOAWAY is given to reach the client, where its answer to a PING does not come first. */
const GOAWAY_MS = 1000
/** How long a client may take to hang up after the last answer. */
const LINGER_MS = 1000

/** One client's HTTP/2 connection (RFC 9113), on a socket that is ours until it begins. Frames are node:http2's business. */
export class Http2Connection implements LinkUser, Expiring {
  dueAt = Number.POSITIVE_INFINITY
  spoke = -1
  readonly client: ClientFacts
  /** Requests under way, without those that have become tunnels. */
  requests = 0
  /** Streams that speak another protocol by now (RFC 8441). */
  tunnels = 0
  private readonly socket: net.Socket
  private readonly host: Http2Host
  private readonly limits: Http2Limits
  private readonly session: ServerHttp2Session
  private hasBegun = false
  private isFinishing = false

  constructor(socket: net.Socket, client: ClientFacts, host: Http2Host, limits: Http2Limits) {
    this.socket = socket
    this.client = client
    this.host = host
    this.limits = limits
    this.session = http2.performServerHandshake(socket, {
      settings: {
        maxConcurrentStreams: limits.maxStreams,
        maxHeaderListSize: limits.maxHeadBytes,
        initialWindowSize: STREAM_WINDOW_BYTES,
        enableConnectProtocol: true,
      },
      maxHeaderListPairs: limits.maxHeaders + PSEUDO_FIELDS,
      maxSessionMemory: SESSION_MEMORY_MB,
      streamResetBurst: limits.maxResets,
      streamResetRate: Math.max(Math.round(limits.maxResets / 30), 1),
      strictSingleValueFields: false,
    })
    this.session.setLocalWindowSize(SESSION_WINDOW_BYTES)
    this.session.on('stream', (stream, _headers, flags, fields) => this.onStream(stream, fields, flags))
    this.session.once('remoteSettings', () => {
      this.hasBegun = true
      this.arm()
    })
    // What a client does wrong costs its own connection; node:http2 has told it so by then.
    this.session.on('error', () => {})
    socket.on('end', () => this.destroy())
    socket.on('close', () => this.closed())
    this.arm()
  }

  /** All that is open is tunnels, which nobody waits for. */
  get isTunnel(): boolean {
    return this.tunnels > 0 && this.requests === 0
  }

  /** What was read of the socket before the session had it: it is read again from there. */
  onBytes(bytes: Buffer, length: number): void {
    this.socket.unshift(Buffer.from(bytes.subarray(0, length)))
  }

  // The rest is between the session and its socket.
  onEnd(): void {}
  onDrain(): void {}
  onClose(): void {}

  onDeadline(): void {
    if (!this.isFinishing) {
      if (this.requests + this.tunnels === 0) this.destroy()
      return
    }
    // Node ends the session behind its last stream, and then waits for the client to hang up.
    if (this.session.destroyed) return void this.socket.destroy()
    if (!this.session.closed) this.session.close()
    this.host.deadlines.set(this, LINGER_MS)
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
    if (this.isFinishing) return
    this.isFinishing = true
    if (this.session.destroyed) return void this.socket.destroy()
    this.session.goaway(constants.NGHTTP2_NO_ERROR, MAX_STREAM_ID)
    this.host.deadlines.set(this, GOAWAY_MS)
    this.session.ping(() => {
      if (!this.session.destroyed) this.session.close()
    })
  }

  destroy(): void {
    this.session.destroy()
    this.socket.destroy()
  }

  private closed(): void {
    this.host.deadlines.remove(this)
    this.host.closed(this)
  }

  private onStream(stream: ServerHttp2Stream, fields: string[], flags: number): void {
    this.requests++
    try {
      this.host.onStream(this, stream, fields, flags)
    } catch (cause) {
      // A bug. It costs this request, nothing else.
      this.host.failed(cause)
      resetStream(stream, constants.NGHTTP2_INTERNAL_ERROR)
    }
  }

  /** The time that counts now: until the client's first word, or without a request. */
  private arm(): void {
    const { headerTimeoutMs, idleTimeoutMs } = this.limits
    const limitMs = this.hasBegun ? idleTimeoutMs : headerTimeoutMs
    if (limitMs > 0 && this.requests + this.tunnels === 0) this.host.deadlines.set(this, limitMs)
    else if (this.dueAt !== Number.POSITIVE_INFINITY) this.host.deadlines.clear(this)
  }
}

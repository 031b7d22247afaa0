import http2, { type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2'
import type net from 'node:net'
import tls from 'node:tls'
import type { Expiring } from '../socket/deadlines.ts'
import type { Link } from '../socket/link.ts'
import type { Http2Pool, Http2TlsOptions, SessionSeeker } from './http2-pool.ts'
import type { UpstreamTls } from './upstream-tls.ts'

/** Bytes an upstream may send on one stream, and on all of a session, before we have passed them on. */
const STREAM_WINDOW_BYTES = 262_144
const SESSION_WINDOW_BYTES = 4_194_304
/** Megabytes of memory a session may hold, bodies on their way out included; Node's own limit of 10 is for clients nobody knows. */
const SESSION_MEMORY_MB = 64

/** One HTTP/2 connection to an upstream (RFC 9113), for many requests at a time. */
export class Http2Upstream implements Expiring {
  dueAt = Number.POSITIVE_INFINITY
  spoke = -1
  /** Who waits for it to be ready. */
  readonly waiting = new Set<SessionSeeker>()
  /** Requests under way. */
  streams = 0
  private readonly pool: Http2Pool
  private session: ClientHttp2Session | undefined
  private link: Link | undefined
  private state: 'opening' | 'ready' | 'ending' = 'opening'
  private maxStreams = 100
  private error: Error | undefined
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

  get hasRoom(): boolean {
    return this.state === 'ready' && this.streams < this.maxStreams
  }

  /** The connection is gone: what its streams waited for will not come. */
  get isLost(): boolean {
    return this.link?.isOpen !== true || this.session?.destroyed !== false
  }

  /** Begins to connect: TCP, TLS when the address has it, and then the other end's SETTINGS, without which it speaks no HTTP/2. */
  dial(): void {
    const { address, dialer, deadlines, limits } = this.pool
    this.link = dialer.dial(
      { host: address.host, port: address.port },
      {
        onBytes: () => {},
        onEnd: () => this.session?.destroy(),
        onDrain: () => {},
        onClose: error => {
          if (this.session === undefined) this.closed(error)
        },
      },
      () => {
        if (limits.dialTimeoutMs > 0) deadlines.set(this, limits.dialTimeoutMs)
        this.begin(this.link!.socket, address.tls)
      },
    )
  }

  /**
   * Sends a request. `headers` are names and values in turn. Every call wants its `ended()` when the stream is closed.
   * @throws when Node finds the headers unfit to be sent
   */
  request(
    headers: string[],
    options: { readonly endStream: boolean; readonly waitForTrailers?: boolean },
  ): ClientHttp2Stream {
    const stream = this.session!.request(headers, options)
    this.streams++
    return stream
  }

  ended(): void {
    this.streams--
  }

  /** No more requests. What is under way may go on for so long; 0 is no limit. */
  finish(graceMs: number): void {
    this.pool.forget(this)
    if (this.state === 'opening') return this.link?.destroy()
    this.state = 'ending'
    this.session?.close()
    if (graceMs > 0) this.pool.deadlines.set(this, graceMs)
  }

  onDeadline(): void {
    this.isLate = true
    this.session?.destroy()
    this.link?.destroy()
  }

  private begin(socket: net.Socket, tlsOptions: Http2TlsOptions | undefined): void {
    const options = {
      createConnection: () => (tlsOptions === undefined ? socket : secured(socket, tlsOptions, this.pool.dialer.tls)),
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES },
      maxSessionMemory: SESSION_MEMORY_MB,
      maxHeaderListPairs: this.pool.limits.maxHeaders,
      // What an upstream sends twice is passed on twice.
      strictSingleValueFields: false,
    }
    const session = http2.connect('http://upstream', options)
    this.session = session
    session.on('connect', () => session.setLocalWindowSize(SESSION_WINDOW_BYTES))
    session.on('remoteSettings', ({ maxConcurrentStreams = Number.POSITIVE_INFINITY }) => {
      this.maxStreams = maxConcurrentStreams
      if (this.state === 'opening') this.ready()
    })
    // It takes no new streams from now on; those under way come to their end, or are refused one by one.
    session.on('goaway', () => this.retire())
    session.on('error', error => {
      this.error = error
    })
    session.on('close', () => this.closed(this.error))
  }

  private ready(): void {
    if (this.pool.isAbandoned) return this.finish(this.pool.address.graceMs)
    this.state = 'ready'
    this.pool.deadlines.clear(this)
    const waiting = [...this.waiting]
    this.waiting.clear()
    for (const seeker of waiting) seeker.onSession(this)
  }

  private retire(): void {
    if (this.state !== 'ready') return
    this.state = 'ending'
    this.pool.forget(this)
    this.session?.close()
  }

  private closed(error: NodeJS.ErrnoException | undefined): void {
    this.pool.deadlines.remove(this)
    this.pool.forget(this)
    this.state = 'ending'
    this.link?.destroy()
    const waiting = [...this.waiting]
    this.waiting.clear()
    const fault = this.isLate || error?.code === 'ETIMEDOUT' ? 'connect-timeout' : 'connect'
    for (const seeker of waiting) seeker.onNoSession(fault, error)
  }
}

function secured(
  socket: net.Socket,
  { serverName, skipVerify }: Http2TlsOptions,
  upstreamTls: UpstreamTls,
): tls.TLSSocket {
  const identity = { serverName, skipsVerification: skipVerify }
  const secure = tls.connect({ ...upstreamTls.connectOptions(identity, undefined), socket, ALPNProtocols: ['h2'] })
  secure.once('secureConnect', () => {
    if (secure.alpnProtocol !== 'h2') secure.destroy(new Error('the upstream does not offer HTTP/2 (ALPN)'))
  })
  return secure
}

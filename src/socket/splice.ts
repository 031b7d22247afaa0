import type { Deadlines, Expiring } from './deadlines.ts'
import type { LinkUser } from './link.ts'
import type { TunnelEnd } from './tunnel-end.ts'

export interface SpliceOptions {
  readonly deadlines: Deadlines
  /** How long one direction may stay open and silent after the other has ended, in milliseconds. */
  readonly halfOpenMs: number
  /** `rt` and `wt` of the listener: silence of the client, and time to take what is sent to it; 0 is no limit. */
  readonly readTimeoutMs: number
  readonly writeTimeoutMs: number
  /** Called with each piece passed on, for counting. */
  onBytesUp(count: number): void
  onBytesDown(count: number): void
  /** Both directions have ended. */
  onDone(): void
}

/** Pieces up to this many bytes are written as text: the kernel usually takes them at once, and then nothing was allocated. */
const SMALL_BYTES = 8192

/**
 * Two connections joined: bytes pass both ways, slowed to the pace of the receiver; an end of one direction (FIN) is passed on
 * while the other goes on; when one connection breaks, so does the other.
 */
export class Splice implements Expiring {
  dueAt = Number.POSITIVE_INFINITY
  spoke = -1
  private readonly client: TunnelEnd
  private readonly upstream: TunnelEnd
  private readonly options: SpliceOptions
  private hasClientEnded = false
  private hasUpstreamEnded = false
  private openLinks = 2
  private readDueAt = Number.POSITIVE_INFINITY
  private writeDueAt = Number.POSITIVE_INFINITY
  private halfOpenDueAt = Number.POSITIVE_INFINITY
  /** Bytes given to the client's connection, and how many of them it must have taken at `writeDueAt`. */
  private downBytes = 0
  private dueBytes = 0

  constructor(client: TunnelEnd, upstream: TunnelEnd, options: SpliceOptions) {
    this.client = client
    this.upstream = upstream
    this.options = options
  }

  /** Begins to pass on, first of all what had already been read from either side. */
  start(fromClient: Buffer | undefined, fromUpstream: Buffer | undefined): void {
    this.downBytes = this.client.pendingBytes
    this.client.user = this.clientSide()
    this.upstream.user = this.upstreamSide()
    if (fromClient !== undefined && fromClient.length > 0) this.client.user.onBytes(fromClient, fromClient.length)
    if (fromUpstream !== undefined && fromUpstream.length > 0)
      this.upstream.user.onBytes(fromUpstream, fromUpstream.length)
    if (this.options.readTimeoutMs > 0) this.readDueAt = performance.now() + this.options.readTimeoutMs
    this.arm()
    this.client.resume()
    this.upstream.resume()
  }

  destroy(): void {
    this.client.destroy()
    this.upstream.destroy()
  }

  onDeadline(): void {
    const now = performance.now()
    if (now >= this.readDueAt || now >= this.halfOpenDueAt) return this.destroy()
    if (now >= this.writeDueAt) {
      const takenBytes = this.downBytes - this.client.pendingBytes
      if (takenBytes < this.dueBytes) return this.destroy()
      this.writeDueAt = Number.POSITIVE_INFINITY
      this.expectTaking()
    }
    this.arm()
  }

  /** What the client has been sent by now, it has `wt` to take. */
  private expectTaking(): void {
    const { writeTimeoutMs } = this.options
    if (writeTimeoutMs === 0 || this.writeDueAt !== Number.POSITIVE_INFINITY || this.client.pendingBytes === 0) return
    this.writeDueAt = performance.now() + writeTimeoutMs
    this.dueBytes = this.downBytes
    this.arm()
  }

  private clientSide(): LinkUser {
    const { client, upstream, options } = this
    return {
      onBytes: (bytes, length) => {
        if (options.readTimeoutMs > 0) this.readDueAt = performance.now() + options.readTimeoutMs
        options.onBytesUp(length)
        this.pass(bytes, length, client, upstream)
      },
      onEnd: () => {
        this.hasClientEnded = true
        this.readDueAt = Number.POSITIVE_INFINITY
        this.halfClose(upstream)
      },
      onDrain: () => upstream.resume(),
      onClose: () => this.closed(upstream),
    }
  }

  private upstreamSide(): LinkUser {
    const { client, upstream, options } = this
    return {
      onBytes: (bytes, length) => {
        options.onBytesDown(length)
        this.downBytes += length
        this.pass(bytes, length, upstream, client)
        this.expectTaking()
      },
      onEnd: () => {
        this.hasUpstreamEnded = true
        this.halfClose(client)
      },
      onDrain: () => {
        this.writeDueAt = Number.POSITIVE_INFINITY
        client.resume()
      },
      onClose: () => this.closed(client),
    }
  }

  private pass(bytes: Buffer, length: number, from: TunnelEnd, to: TunnelEnd): void {
    if (this.halfOpenDueAt !== Number.POSITIVE_INFINITY)
      this.halfOpenDueAt = performance.now() + this.options.halfOpenMs
    if (length <= SMALL_BYTES) {
      to.write(bytes.toString('latin1', 0, length))
    } else {
      to.writePiece(bytes, 0, length)
      if (to.pendingBytes > 0) from.keepBytes()
    }
    if (to.isFull) from.pause()
  }

  private halfClose(other: TunnelEnd): void {
    other.finish()
    this.halfOpenDueAt = performance.now() + this.options.halfOpenMs
    this.arm()
  }

  private closed(other: TunnelEnd): void {
    this.openLinks--
    // A connection that ended both ways in good order leaves its peer to take what is still on its way.
    if (!(this.hasClientEnded && this.hasUpstreamEnded)) other.destroy()
    if (this.openLinks > 0) return
    this.options.deadlines.remove(this)
    this.options.onDone()
  }

  private arm(): void {
    const dueAt = Math.min(this.readDueAt, this.writeDueAt, this.halfOpenDueAt)
    if (dueAt !== Number.POSITIVE_INFINITY) this.options.deadlines.set(this, Math.max(dueAt - performance.now(), 0))
  }
}

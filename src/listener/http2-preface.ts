import type { Deadlines, Expiring } from '../socket/deadlines.ts'
import type { Link, LinkUser } from '../socket/link.ts'

/** What a client that speaks HTTP/2 says first (RFC 9113 §3.4). */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

export interface PrefaceEvents {
  /** `bytes` is what was read: lent for the call, but for a preface. */
  read(isHttp2: boolean, bytes: Buffer): void
  /** The client left before it had said enough. */
  closed(): void
}

/** Listens to the first bytes of a connection in the clear, until they can only be HTTP/2, or something else (`h2c=true`). */
export class Http2PrefaceReader implements LinkUser, Expiring {
  dueAt = Number.POSITIVE_INFINITY
  spoke = -1
  private readonly link: Link
  private readonly deadlines: Deadlines
  private readonly on: PrefaceEvents
  private bytes: Buffer | undefined

  constructor(link: Link, deadlines: Deadlines, timeoutMs: number, on: PrefaceEvents) {
    this.link = link
    this.deadlines = deadlines
    this.on = on
    if (timeoutMs > 0) deadlines.set(this, timeoutMs)
  }

  onBytes(bytes: Buffer, length: number): void {
    const piece = bytes.subarray(0, length)
    const all = this.bytes === undefined ? piece : Buffer.concat([this.bytes, piece])
    const known = Math.min(all.length, PREFACE.length)
    const isPreface = all.compare(PREFACE, 0, known, 0, known) === 0
    if (isPreface && known < PREFACE.length) {
      this.bytes = Buffer.from(all)
      return
    }
    this.deadlines.remove(this)
    this.on.read(isPreface, isPreface ? Buffer.from(all) : all)
  }

  onDeadline(): void {
    this.link.destroy()
  }

  onEnd(): void {
    this.link.destroy()
  }

  onDrain(): void {}

  onClose(): void {
    this.deadlines.remove(this)
    this.on.closed()
  }

  destroy(): void {
    this.link.destroy()
  }
}

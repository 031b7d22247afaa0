import type { Deadlines, Expiring } from '../socket/deadlines.ts'
import type { Link, LinkUser } from '../socket/link.ts'
import { type ProxyHeader, parseProxyHeader } from '../wire/proxy-protocol.ts'

/** What was found where a PROXY header may stand, and what was read behind it. */
export interface ProxyHeaderOutcome {
  readonly header: ProxyHeader | undefined
  readonly rest: Buffer | undefined
}

/**
 * Reads the PROXY header of a new connection (`pxyproto=true`). It may be missing: a connection that begins with something else, or
 * with silence for `timeoutMs`, is taken as it is.
 */
export class ProxyHeaderReader implements LinkUser, Expiring {
  dueAt = Number.POSITIVE_INFINITY
  spoke = -1
  private readonly link: Link
  private readonly deadlines: Deadlines
  private readonly onRead: (outcome: ProxyHeaderOutcome) => void
  private readonly onMalformed: (reason: string) => void
  private bytes: Buffer | undefined

  constructor(
    link: Link,
    deadlines: Deadlines,
    timeoutMs: number,
    on: { read(outcome: ProxyHeaderOutcome): void; malformed(reason: string): void },
  ) {
    this.link = link
    this.deadlines = deadlines
    this.onRead = on.read
    this.onMalformed = on.malformed
    deadlines.set(this, timeoutMs)
  }

  onBytes(bytes: Buffer, length: number): void {
    const piece = bytes.subarray(0, length)
    const all = this.bytes === undefined ? piece : Buffer.concat([this.bytes, piece])
    const result = parseProxyHeader(all, all.length)
    if (result.kind === 'incomplete') {
      this.bytes = Buffer.from(all)
    } else if (result.kind === 'malformed') {
      this.deadlines.remove(this)
      this.onMalformed(result.reason)
      this.link.destroy()
    } else if (result.kind === 'none') {
      this.pass(undefined, all)
    } else {
      this.pass(result, all.subarray(result.length))
    }
  }

  onDeadline(): void {
    // Protocols in which the server speaks first have nothing to say until it does.
    this.pass(undefined, this.bytes)
  }

  onEnd(): void {
    this.link.destroy()
  }

  onDrain(): void {}

  onClose(): void {
    this.deadlines.remove(this)
  }

  private pass(header: ProxyHeader | undefined, rest: Buffer | undefined): void {
    this.deadlines.remove(this)
    this.onRead({ header, rest: rest === undefined || rest.length === 0 ? undefined : Buffer.from(rest) })
  }
}

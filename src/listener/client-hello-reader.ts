import type { Deadlines, Expiring } from '../socket/deadlines.ts'
import type { LinkUser } from '../socket/link.ts'
import { type ClientHelloReading, readClientHello } from '../wire/client-hello.ts'

/** What a connection begins with. `bytes` is everything that was read, none of it taken away. */
export interface ClientHelloOutcome {
  readonly reading: Exclude<ClientHelloReading, { kind: 'incomplete' }>
  readonly bytes: Buffer
}

/** A hello takes up to 64 KiB; this is with the heads of its records, however small somebody makes them. */
const MAX_BYTES = 131_072

/** Reads the ClientHello of a new connection, and leaves it to others to answer. */
export class ClientHelloReader implements LinkUser, Expiring {
  dueAt = Number.POSITIVE_INFINITY
  spoke = -1
  private readonly deadlines: Deadlines
  private readonly onRead: (outcome: ClientHelloOutcome) => void
  private bytes: Buffer = Buffer.alloc(0)
  private isDone = false

  /** @param timeoutMs 0 is no limit */
  constructor(deadlines: Deadlines, timeoutMs: number, onRead: (outcome: ClientHelloOutcome) => void) {
    this.deadlines = deadlines
    this.onRead = onRead
    if (timeoutMs > 0) deadlines.set(this, timeoutMs)
  }

  onBytes(bytes: Buffer, length: number): void {
    this.bytes = Buffer.concat([this.bytes, bytes.subarray(0, length)])
    const reading = readClientHello(this.bytes, this.bytes.length)
    if (reading.kind !== 'incomplete') this.done(reading)
    else if (this.bytes.length > MAX_BYTES) this.give('client hello too long')
  }

  onEnd(): void {
    this.give('failed to peek data')
  }

  onDrain(): void {}

  onClose(): void {
    this.give('failed to peek data')
  }

  onDeadline(): void {
    this.give('no client hello in time')
  }

  private give(reason: string): void {
    this.done({ kind: 'malformed', reason })
  }

  private done(reading: ClientHelloOutcome['reading']): void {
    if (this.isDone) return
    this.isDone = true
    this.deadlines.remove(this)
    this.onRead({ reading, bytes: this.bytes })
  }
}

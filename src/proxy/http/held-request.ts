import type { RequestBodySink } from './downstream.ts'
import type { Carrier, Exchange } from './exchange.ts'

/** A request that waits for a decision. What has arrived of its body is kept, and no more is read. */
export class HeldRequest implements Carrier, RequestBodySink {
  readonly request = this
  private readonly exchange: Exchange
  private readonly onGone: () => void
  private readonly onTimeout: () => void
  private readonly pieces: Buffer[] = []
  private trailers: string | undefined
  private isPaused = false

  constructor(exchange: Exchange, on: { gone(): void; timeout(): void }) {
    this.exchange = exchange
    this.onGone = on.gone
    this.onTimeout = on.timeout
  }

  onBody(bytes: Buffer, from: number, to: number): void {
    this.pieces.push(Buffer.from(bytes.subarray(from, to)))
  }

  onBodyEnd(trailers: string): void {
    this.trailers = trailers
  }

  onBodyBatch(): void {
    if (this.trailers !== undefined || this.isPaused) return
    this.isPaused = true
    this.exchange.downstream.pauseBody()
  }

  onDownstreamDrain(): void {}

  onDownstreamGone(): void {
    this.onGone()
  }

  onBodyTimeout(): void {
    this.onGone()
    this.onTimeout()
  }

  /** The request goes on: what was kept is handed over, and the rest of the body read. */
  release(next: RequestBodySink): void {
    for (const piece of this.pieces) next.onBody(piece, 0, piece.length)
    if (this.trailers !== undefined) next.onBodyEnd(this.trailers)
    if (this.isPaused) this.exchange.downstream.resumeBody()
    next.onBodyBatch()
  }
}

/** How a stream came to its end, which decides what more of it means (RFC 9113 §5.1). */
export const CLOSING = {
  /** Both sides had said all: there is no excuse for more. */
  ended: 1,
  byPeer: 2,
  /** The peer may not have known: what comes is thrown away. */
  byUs: 3,
} as const

export type Closing = (typeof CLOSING)[keyof typeof CLOSING]

const REMEMBERED = 256

/** The streams of a connection that were closed last. */
export class ClosedStreams {
  private readonly entries: number[] = []
  private next = 0

  remember(id: number, closing: Closing): void {
    this.entries[this.next] = id * 4 + closing
    this.next = (this.next + 1) % REMEMBERED
  }

  /** undefined for a stream that was closed long ago, or never was. */
  find(id: number): Closing | undefined {
    for (const entry of this.entries) {
      const closing = entry - id * 4
      if (closing === CLOSING.ended || closing === CLOSING.byPeer || closing === CLOSING.byUs) return closing
    }
    return undefined
  }
}

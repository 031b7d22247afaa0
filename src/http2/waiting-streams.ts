import type { Http2Stream } from './stream.ts'

/** The streams of a connection that have more to send than there is room for. */
export class WaitingStreams {
  private readonly streams = new Set<Http2Stream>()
  private isSending = false

  add(stream: Http2Stream): void {
    this.streams.add(stream)
  }

  delete(stream: Http2Stream): void {
    this.streams.delete(stream)
  }

  /** Each sends some in its turn, while there is room for any. */
  send(hasRoom: () => boolean): void {
    // Whoever is told that all is sent may write again.
    if (this.isSending) return
    this.isSending = true
    let hasProgress = true
    while (hasProgress && this.streams.size > 0 && hasRoom()) {
      hasProgress = false
      for (const stream of [...this.streams]) {
        if (stream.sendQueued()) hasProgress = true
        if (stream.pendingBytes === 0) this.streams.delete(stream)
      }
    }
    this.isSending = false
  }
}

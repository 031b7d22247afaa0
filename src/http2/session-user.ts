import type { Http2Stream } from './stream.ts'

export interface SessionOptions {
  readonly role: 'server' | 'client'
  /** Most bytes of a list of fields, as RFC 9113 §10.5.1 counts them. */
  readonly maxHeadBytes: number
  /** Most fields in it, pseudo-header fields included. */
  readonly maxFields: number
  /** Streams that the peer may have open; a server opens none. */
  readonly maxStreams: number
  /** Streams that the peer may reset at once; a thirtieth of it is forgiven every second. */
  readonly maxResets: number
  /** Bytes that may come on one stream, and on all, before they are passed on. */
  readonly streamWindowBytes: number
  readonly sessionWindowBytes: number
}

/** Whoever has the connection. */
export interface SessionUser {
  /** Server: a request, well formed. What follows goes to `stream.user`; nothing does where `isWhole`. */
  onStream(stream: Http2Stream, fields: string[], isWhole: boolean): void
  /** All that had arrived together has been handed over. */
  onRead(): void
  /** The peer's first SETTINGS are here: it speaks HTTP/2. */
  onReady(): void
  /** It has acknowledged ours. */
  onSettled(): void
  /** The peer takes no new streams. Those it will not look at are closed with REFUSED_STREAM. */
  onGoaway(): void
  /** A stream is closed, and there is room for another. */
  onStreamClosed(): void
  /** All streams are closed, and GOAWAY and FIN are written. The owner gives the peer some time to hang up, and destroys the link. */
  onOver(code: number): void
  /** The link is gone. */
  onClosed(error: NodeJS.ErrnoException | undefined): void
}

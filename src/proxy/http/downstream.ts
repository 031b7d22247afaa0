import type { TunnelEnd } from '../../socket/tunnel-end.ts'
import type { BodyKind, BodySink } from '../../wire/http1-body.ts'
import type { Http1Head } from '../../wire/http1-head.ts'
import type { ClientFacts } from './request-head.ts'
import type { ResponseAdditions } from './response-head.ts'

/** An answer that this proxy makes itself. */
export interface LocalReply {
  readonly status: number
  /** Whole header lines, each with CR LF, without framing. */
  readonly lines: string
  /** Latin-1 text: the bytes of the body. */
  readonly body: string
  /** Why the request is refused: what else the client sends cannot be trusted, so its connection ends. */
  readonly refusal?: string
}

/** A client's connection that speaks another protocol from here on. */
export interface Switched {
  readonly link: TunnelEnd
  /** What the client sent behind its request. */
  readonly rest: Buffer | undefined
  /** To be called when the connection is closed: its exchange is over then. */
  done(): void
}

/** The client's side of an exchange, whatever HTTP version it speaks. Nothing leaves before `flush`, `sendEnd` or `sendReply`. */
export interface Downstream {
  readonly client: ClientFacts
  /** Names of the request's fields that must not be indexed further on either (RFC 7541 §6.2.3). */
  readonly neverIndexed: ReadonlySet<string> | undefined
  /** 1xx of the upstream. */
  sendInformational(head: Http1Head): void
  /** `100 Continue` of ours, for a client that waits for one. */
  sendContinue(): void
  sendHead(head: Http1Head, bodyKind: BodyKind, additions: ResponseAdditions): void
  sendBody(bytes: Buffer, from: number, to: number): void
  /** Hands to the socket what was sent since the last time. @returns false when the client is slower than that */
  flush(): boolean
  /** The socket still points at bytes of the last `sendBody`. */
  readonly hasPending: boolean
  /** Passes a 101 on and gives the connection away. */
  switchProtocols(head: Http1Head): Switched
  /** The answer is whole, and so is the exchange. */
  sendEnd(trailers: string): void
  /** The whole answer at once. */
  sendReply(reply: LocalReply): void
  /** The answer cannot be completed: the client must not take what it got for the whole. */
  abort(): void
  /** Stops and resumes the request's body. */
  pauseBody(): void
  resumeBody(): void
  /** The bytes of the request's body being delivered are still needed after the call. */
  keepBody(): void
}

/** Gets a request's body as it arrives. */
export interface RequestBodySink extends BodySink {
  /** The body is whole; also called, once, for a request without one. */
  onBodyEnd(trailers: string): void
  /** All that arrived together has been handed over: write it out in one piece. */
  onBodyBatch(): void
}

import type { Route } from '../../route/table.ts'
import type { Http1Head } from '../../wire/http1-head.ts'
import type { ServedTarget } from '../served-target.ts'
import type { Downstream, RequestBodySink } from './downstream.ts'

/** Who carries an exchange on once its target is known. */
export interface Carrier {
  /** Where the request's body goes. */
  readonly request: RequestBodySink
  /** The client has taken what was sent to it. */
  onDownstreamDrain(): void
  /** The client is gone: nobody is left to read the answer. */
  onDownstreamGone(): void
  /** The client did not send its body in time. */
  onBodyTimeout(): void
}

/** One request and what becomes of it. Lives from its head to the last byte of its answer. */
export class Exchange {
  readonly downstream: Downstream
  /** The request's head; given back when the exchange is over. */
  readonly head: Http1Head
  /** As the client named it, with port. */
  host = ''
  /** Decoded and cleaned: what routes are matched with. */
  path = ''
  /** As it is sent on when the route changes nothing. */
  rawPath = ''
  query = ''
  /** The protocol the client wants to change to; '' when it wants none, or may not. */
  upgrade = ''
  requestId = ''
  route: Route<ServedTarget> | undefined
  target: ServedTarget | undefined
  /** undefined until there is an upstream to carry it to, and for answers of ours. */
  carrier: Carrier | undefined
  /** The Host header sent to the upstream, which the access log calls the request's. */
  sentHost = ''
  /** Path and query as sent to the upstream. */
  sentTarget = ''
  /** In milliseconds of `performance.now()`, from when the target is known; 0 before. */
  startedAt = 0
  /** Of the answer; 0 while there is none. */
  status = 0
  /** Bytes of body sent to the client. */
  bodyBytes = 0
  isOver = false

  constructor(downstream: Downstream, head: Http1Head) {
    this.downstream = downstream
    this.head = head
  }

  get isWebSocket(): boolean {
    return this.upgrade.length === 9 && this.upgrade.toLowerCase() === 'websocket'
  }
}

import type { ServedTarget } from '../served-target.ts'
import type { Exchange } from './exchange.ts'
import type { OutgoingHead } from './request-head.ts'

/** What the head of this request to this target is written from. */
export function outgoingHead(exchange: Exchange, target: ServedTarget): OutgoingHead {
  const { head } = exchange
  return {
    head,
    method: head.method,
    target: exchange.sentTarget,
    host: exchange.sentHost,
    authority: target.authorityBytes,
    strip: target.stripBytes,
    requestId: exchange.requestId,
    upgrade: exchange.upgrade,
    framing: head.isChunked ? 'chunked' : head.contentLength >= 0 ? 'length' : 'none',
  }
}

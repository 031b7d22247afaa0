import type { Http1Head } from '../../wire/http1-head.ts'
import type { WireTarget } from '../wire-target.ts'
import type { Exchange } from './exchange.ts'
import type { OutgoingHead } from './request-head.ts'

type SentRequest = Pick<Exchange, 'head' | 'sentTarget' | 'sentHost' | 'requestId' | 'upgrade'>

/** What the head of this request to this target is written from. */
export function outgoingHead(exchange: SentRequest, target: WireTarget): OutgoingHead {
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
    framing: framingOf(head),
  }
}

/** As the original: a request without a body says so where its method means one (RFC 9110 §8.6), and nowhere else. */
function framingOf(head: Http1Head): OutgoingHead['framing'] {
  if (head.isChunked) return 'chunked'
  if (head.contentLength > 0) return 'length'
  const { method } = head
  return method === 'POST' || method === 'PUT' || method === 'PATCH' ? 'length' : 'none'
}

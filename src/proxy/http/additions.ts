import type { ProxyConfig } from '../../config/config.ts'
import { HEADER } from '../../wire/header-names.ts'
import type { BodyKind } from '../../wire/http1-body.ts'
import type { Http1Head } from '../../wire/http1-head.ts'
import type { Exchange } from './exchange.ts'
import { NO_ADDITIONS, type ResponseAdditions } from './response-head.ts'

/** Content types whose answer is known; they come from upstreams, so there could be any number. */
const MAX_KNOWN_TYPES = 1000
/** A type longer than this is none anybody meant to compress. */
const MAX_TYPE_LENGTH = 256
/** A body up to this many bytes is compressed in one go, and gets its length. */
const WHOLE_BYTES = 2048

/** What this proxy puts into the answers of upstreams: `proxy.header.sts.*` and `proxy.gzip.contenttype`. */
export class AnswerAdditions {
  private readonly compressible: RegExp | undefined
  private readonly known = new Map<string, boolean>()
  private readonly sts: string

  constructor(config: Pick<ProxyConfig, 'gzipContentType' | 'header'>) {
    const { sts } = config.header
    this.compressible = config.gzipContentType === '' ? undefined : new RegExp(config.gzipContentType)
    this.sts = sts.maxAgeSeconds > 0 ? `max-age=${sts.maxAgeSeconds}` : ''
    if (this.sts !== '' && sts.subdomains) this.sts += '; includeSubdomains'
    if (this.sts !== '' && sts.preload) this.sts += '; preload'
  }

  /** To an upstream's answer. */
  of(exchange: Exchange, head: Http1Head, bodyKind: BodyKind): ResponseAdditions {
    const sts = this.stsOf(exchange)
    const isUnpacked =
      head.find(HEADER.contentEncoding) !== -1 && bodyKind !== 'none' && isGzipUnasked(exchange.head, head)
    if (this.compressible === undefined) {
      return sts === '' && !isUnpacked ? NO_ADDITIONS : { ...NO_ADDITIONS, isUnpacked, sts }
    }
    const isCompressed = bodyKind !== 'none' && wantsGzip(exchange.head) && this.mayCompress(head)
    const isWhole = isCompressed && bodyKind === 'length' && head.contentLength <= WHOLE_BYTES
    return { lines: isCompressed ? GZIP_LINES : VARY_LINE, isCompressed, isUnpacked, isWhole, sts }
  }

  /** To an answer of ours in an upstream's place. */
  linesOfErrors(exchange: Exchange): string {
    const sts = this.stsOf(exchange)
    return (
      (this.compressible === undefined ? '' : VARY_LINE) + (sts === '' ? '' : `Strict-Transport-Security: ${sts}\r\n`)
    )
  }

  private stsOf(exchange: Exchange): string {
    return exchange.downstream.client.tls === undefined ? '' : this.sts
  }

  /** Not what is encoded already, nor a part of something, nor what its maker wants left alone (RFC 9110 §7.7). */
  private mayCompress(head: Http1Head): boolean {
    if (head.find(HEADER.contentEncoding) !== -1 || head.find(HEADER.contentRange) !== -1 || head.status === 206)
      return false
    if (head.get(HEADER.cacheControl)?.toLowerCase().includes('no-transform') === true) return false
    const type = head.get(HEADER.contentType) ?? ''
    if (type.length > MAX_TYPE_LENGTH) return false
    let answer = this.known.get(type)
    if (answer === undefined) {
      answer = this.compressible?.test(type) === true
      if (this.known.size >= MAX_KNOWN_TYPES) this.known.clear()
      this.known.set(type, answer)
    }
    return answer
  }
}

const VARY_LINE = 'Vary: Accept-Encoding\r\n'
const GZIP_LINES = `Content-Encoding: gzip\r\n${VARY_LINE}`

/** `Accept-Encoding` names gzip, and does not refuse it; `Accept` asks for no event stream. */
function wantsGzip(head: Http1Head): boolean {
  const accepted = head.get(HEADER.acceptEncoding)
  if (accepted === undefined || head.get(HEADER.accept)?.includes('text/event-stream') === true) return false
  for (const part of accepted.toLowerCase().split(',')) {
    const [coding, ...parameters] = part.split(';')
    const name = coding?.trim()
    // RFC 9110 §8.4.1.3: `x-gzip` is the same by an older name.
    if (name !== 'gzip' && name !== 'x-gzip') continue
    return !parameters.some(parameter => {
      const [name, value] = parameter.split('=')
      return name?.trim() === 'q' && Number(value?.trim()) === 0
    })
  }
  return false
}

/** The upstream answers with gzip a client that does not say what it can read. The original unpacks it, so such clients work behind it. */
function isGzipUnasked(request: Http1Head, answer: Http1Head): boolean {
  const asked = request.find(HEADER.acceptEncoding)
  if (asked !== -1 && request.valueLength(asked) > 0) return false
  if (answer.status === 206 || answer.find(HEADER.contentRange) !== -1) return false
  return answer.get(HEADER.contentEncoding)?.toLowerCase() === 'gzip'
}

import type { Link } from '../../socket/link.ts'
import { HEADER } from '../../wire/header-names.ts'
import { type BodyKind, chunkStart, lastChunk } from '../../wire/http1-body.ts'
import type { Http1Head } from '../../wire/http1-head.ts'
import type { Downstream, LocalReply, Switched } from './downstream.ts'
import { refusalText } from './http1-refusal.ts'
import type { ClientFacts } from './request-head.ts'
import {
  currentDateLine,
  informationalText,
  NO_ADDITIONS,
  type ResponseAdditions,
  responseLines,
  type SentFraming,
  sentFraming,
} from './response-head.ts'
import { statusText } from './status-text.ts'

/** Body pieces up to this many bytes go into one string with what is before and behind them: one write, and no memory kept. */
const SMALL_BYTES = 8192

/** What the answering half of a connection asks the reading half. */
export interface Http1Requests {
  /** Can the connection take another request after this answer, as far as reading is concerned? */
  mayGoOn(): boolean
  /** The answer is out. */
  answered(): void
  /** The connection changes its protocol and its owner. */
  handOver(): Omit<Switched, 'link'>
  pauseReading(): void
  resumeReading(): void
}

/** The answering half of a client's connection: answers go out with framing of our own (RFC 9112 §6). */
export class Http1Answer implements Downstream {
  readonly client: ClientFacts
  readonly neverIndexed = undefined
  /** Set per request: does the connection go on after this answer? */
  keepsAlive = true
  private readonly link: Link
  private readonly requests: Http1Requests
  private version = 11
  private isHeadOnly = false
  private framing: SentFraming = 'none'
  private out = ''
  private isHolding = false

  constructor(link: Link, client: ClientFacts, requests: Http1Requests) {
    this.link = link
    this.client = client
    this.requests = requests
  }

  /** The next answer is to this request. */
  begin(head: Http1Head): void {
    this.version = head.version
    this.isHeadOnly = head.method === 'HEAD'
    this.keepsAlive = !head.wantsClose && (head.version === 11 || head.wantsKeepAlive)
    // What comes behind CONNECT is for the tunnel that there is none of, or the next request: readers differ (RFC 9110 §9.3.6).
    if (head.method === 'CONNECT') this.keepsAlive = false
    this.framing = 'none'
  }

  sendInformational(head: Http1Head): void {
    // RFC 9110 §15.2: HTTP/1.0 knows no 1xx.
    if (this.version === 11) this.out += informationalText(head)
  }

  sendContinue(): void {
    if (this.version !== 11) return
    this.out += 'HTTP/1.1 100 Continue\r\n\r\n'
    this.flush()
  }

  sendHead(head: Http1Head, bodyKind: BodyKind, additions: ResponseAdditions): void {
    const framing = sentFraming(bodyKind, this.version, additions)
    this.framing = framing
    this.out += responseLines(head, this.version, additions)
    if (framing === 'length') this.out += `Content-Length: ${head.contentLength}\r\n`
    else if (framing === 'chunked') this.out += 'Transfer-Encoding: chunked\r\n'
    else if (framing === 'until-close') this.keepsAlive = false
    else if (head.contentLength >= 0 && (this.isHeadOnly || head.status === 304)) {
      this.out += `Content-Length: ${head.contentLength}\r\n`
    }
    if (framing !== 'whole') this.endHead()
  }

  sendBody(bytes: Buffer, from: number, to: number): void {
    const length = to - from
    if (this.framing === 'whole') {
      this.out += `Content-Length: ${length}\r\n`
      this.endHead()
    }
    const isChunk = this.framing === 'chunked'
    if (isChunk) this.out += chunkStart(length)
    if (length <= SMALL_BYTES) {
      this.out += bytes.toString('latin1', from, to)
    } else {
      this.holdOut()
      this.link.writePiece(bytes, from, to)
    }
    if (isChunk) this.out += '\r\n'
  }

  flush(): boolean {
    const { link } = this
    if (this.out !== '') {
      link.write(this.out)
      this.out = ''
    }
    if (this.isHolding) {
      this.isHolding = false
      link.release()
    }
    return !link.isFull
  }

  get hasPending(): boolean {
    return this.link.pendingBytes > 0
  }

  switchProtocols(head: Http1Head): Switched {
    // RFC 9110 §7.8: exactly these two of the connection's own headers, and nothing else of them.
    this.out += responseLines(head, this.version, NO_ADDITIONS)
    this.out += `Connection: Upgrade\r\nUpgrade: ${head.get(HEADER.upgrade) ?? ''}\r\n\r\n`
    this.flush()
    return { link: this.link, ...this.requests.handOver() }
  }

  sendEnd(trailers: string): void {
    if (this.framing === 'chunked') this.out += lastChunk(trailers)
    this.flush()
    this.requests.answered()
  }

  sendReply(reply: LocalReply): void {
    this.framing = 'none'
    const { status, lines, refusal } = reply
    if (refusal !== undefined) return this.sendRefusal(status, refusal)
    const version = this.version === 10 ? 'HTTP/1.0' : 'HTTP/1.1'
    // RFC 9110 §15.3.5, §15.4.5: these have no body, and a length would be another one's.
    const isBodiless = status === 204 || status === 304
    const body = isBodiless ? '' : reply.body
    this.out += `${version} ${status} ${statusText(status)}\r\n`
    this.out += `${isBodiless ? withoutType(lines) : lines}${currentDateLine()}`
    // HEAD, as the original: the length that GET's body has, but none where there would be no body.
    if (!isBodiless && (!this.isHeadOnly || body !== '')) this.out += `Content-Length: ${body.length}\r\n`
    this.endHead()
    if (!this.isHeadOnly) this.out += body
    this.flush()
    this.requests.answered()
  }

  private sendRefusal(status: number, reason: string): void {
    this.keepsAlive = false
    this.out += refusalText(status, reason)
    this.flush()
    this.requests.answered()
  }

  abort(): void {
    this.keepsAlive = false
    // An end like any other would make a cut body look whole where only the connection's end marks the body's.
    if (this.framing === 'until-close') this.link.reset()
    else this.link.destroy()
  }

  pauseBody(): void {
    this.requests.pauseReading()
  }

  resumeBody(): void {
    this.requests.resumeReading()
  }

  keepBody(): void {
    this.link.keepBytes()
  }

  private endHead(): void {
    if (!this.requests.mayGoOn()) this.keepsAlive = false
    // What goes without saying is not said: HTTP/1.1 goes on, HTTP/1.0 does not.
    if (this.version === 10) this.out += this.keepsAlive ? 'Connection: keep-alive\r\n' : ''
    else if (!this.keepsAlive) this.out += 'Connection: close\r\n'
    this.out += '\r\n'
  }

  private holdOut(): void {
    if (!this.isHolding) {
      this.isHolding = true
      this.link.hold()
    }
    if (this.out === '') return
    this.link.write(this.out)
    this.out = ''
  }
}

/** The same lines without that of a Content-Type. */
function withoutType(lines: string): string {
  return lines.replace(/^Content-Type:.*\r\n/m, '')
}

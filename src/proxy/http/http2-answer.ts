import type { Http2Stream, StreamUser } from '../../http2/stream.ts'
import { Http2Tunnel } from '../../http2/tunnel.ts'
import type { BodyKind } from '../../wire/http1-body.ts'
import type { Http1Head } from '../../wire/http1-head.ts'
import { ERROR } from '../../wire/http2-frames.ts'
import type { Downstream, LocalReply, Switched } from './downstream.ts'
import { addLines } from './http2-head.ts'
import type { ClientFacts } from './request-head.ts'
import {
  currentDateLine,
  informationalText,
  NO_ADDITIONS,
  type ResponseAdditions,
  responseLines,
  sentFraming,
} from './response-head.ts'

/** What the answering half of a request asks the reading half. */
export interface Http2Reading {
  /** All is known of the answer: the exchange is over. Its end goes out next. */
  answered(): void
  /** The answer is out, or on its way. */
  sent(): void
  /** The stream has become a tunnel, and what comes on it is the tunnel's. */
  switched(tunnel: StreamUser): void
  pauseReading(): void
  resumeReading(): void
  /** The bytes being delivered are needed for longer. */
  keepReading(): void
}

/** The answer to one request of an HTTP/2 connection. */
export class Http2Answer implements Downstream {
  readonly client: ClientFacts
  readonly hasPending = false
  readonly neverIndexed: ReadonlySet<string> | undefined
  private readonly stream: Http2Stream
  private readonly request: Http2Reading
  private readonly isHeadOnly: boolean
  /** The request asks for a tunnel, so a 2xx would be taken for one (RFC 8441 §4). */
  private readonly wantsTunnel: boolean
  private fields: string[] | undefined
  private answersNeverIndexed: ReadonlySet<string> | undefined
  private isWhole = false
  private isFull = false

  constructor(
    stream: Http2Stream,
    client: ClientFacts,
    request: Http2Reading,
    kind: { readonly isHeadOnly: boolean; readonly wantsTunnel: boolean },
  ) {
    this.stream = stream
    this.neverIndexed = stream.neverIndexed
    this.client = client
    this.request = request
    this.isHeadOnly = kind.isHeadOnly
    this.wantsTunnel = kind.wantsTunnel
  }

  sendInformational(head: Http1Head): void {
    const fields = [':status', String(head.status)]
    const text = informationalText(head)
    addLines(fields, text.slice(text.indexOf('\r\n') + 2))
    this.stream.sendHead({ fields, isWhole: false })
  }

  sendContinue(): void {
    this.stream.sendHead({ fields: [':status', '100'], isWhole: false })
  }

  sendHead(head: Http1Head, bodyKind: BodyKind, additions: ResponseAdditions): void {
    const framing = sentFraming(bodyKind, 11, additions)
    const text = responseLines(head, 11, additions)
    const fields = [':status', this.statusOf(head.status)]
    addLines(fields, text.slice(text.indexOf('\r\n') + 2))
    if (
      framing === 'length' ||
      (framing === 'none' && head.contentLength >= 0 && (this.isHeadOnly || head.status === 304))
    )
      fields.push('content-length', String(head.contentLength))
    this.isWhole = framing === 'whole'
    this.answersNeverIndexed = additions.neverIndexed
    this.fields = fields
  }

  sendBody(bytes: Buffer, from: number, to: number): void {
    if (this.isWhole && this.fields !== undefined) this.fields.push('content-length', String(to - from))
    this.respond()
    if (!this.isHeadOnly && !this.stream.write(bytes, from, to)) this.isFull = true
  }

  flush(): boolean {
    this.respond()
    return !this.isFull
  }

  /** The client has taken what was sent to it. */
  drained(): void {
    this.isFull = false
  }

  sendEnd(trailers: string): void {
    this.respond()
    this.request.answered()
    if (trailers === '' || this.isHeadOnly) {
      this.stream.end()
    } else {
      const fields: string[] = []
      addLines(fields, trailers)
      this.stream.sendTrailers(fields)
    }
    this.request.sent()
  }

  sendReply({ status, lines, body, refusal }: LocalReply): void {
    if (refusal !== undefined) return this.sendReply(refusalReply(status))
    const isBodiless = status === 204 || status === 304
    const fields = [':status', this.statusOf(status)]
    addLines(fields, isBodiless ? lines.replace(/^Content-Type:.*\r\n/m, '') : lines)
    addLines(fields, currentDateLine())
    if (!isBodiless && (!this.isHeadOnly || body !== '')) fields.push('content-length', String(body.length))
    this.fields = fields
    this.respond()
    if (!isBodiless && !this.isHeadOnly && body !== '') this.stream.write(Buffer.from(body, 'latin1'), 0, body.length)
    this.sendEnd('')
  }

  abort(): void {
    this.stream.reset(ERROR.internalError)
  }

  switchProtocols(head: Http1Head): Switched {
    const fields = [':status', '200']
    const text = responseLines(head, 11, NO_ADDITIONS)
    addLines(fields, text.slice(text.indexOf('\r\n') + 2))
    this.fields = withoutField(fields, 'sec-websocket-accept')
    const link = new Http2Tunnel(this.stream)
    this.respond()
    this.request.switched(link)
    return { link, rest: undefined, done: () => this.request.answered() }
  }

  pauseBody(): void {
    this.request.pauseReading()
  }

  resumeBody(): void {
    this.request.resumeReading()
  }

  keepBody(): void {
    this.request.keepReading()
  }

  private respond(): void {
    const { fields } = this
    if (fields === undefined) return
    this.fields = undefined
    this.stream.sendHead({ fields, isWhole: false, neverIndexed: this.answersNeverIndexed })
  }

  private statusOf(status: number): string {
    // No 1xx ends an exchange here (RFC 9113 §8.6); and no 2xx may stand where a tunnel was asked for and there is none.
    if (status < 200 || (this.wantsTunnel && status < 300)) return '502'
    return String(status)
  }
}

function refusalReply(status: number): LocalReply {
  return { status, lines: 'Content-Type: text/plain; charset=utf-8\r\n', body: `${status} Bad Request` }
}

function withoutField(fields: readonly string[], name: string): string[] {
  const kept: string[] = []
  for (let i = 0; i + 1 < fields.length; i += 2) if (fields[i] !== name) kept.push(fields[i]!, fields[i + 1]!)
  return kept
}

import { constants, type ServerHttp2Stream } from 'node:http2'
import { resetStream } from '../../socket/reset-stream.ts'
import { StreamLink } from '../../socket/stream-link.ts'
import type { BodyKind } from '../../wire/http1-body.ts'
import type { Http1Head } from '../../wire/http1-head.ts'
import type { Downstream, LocalReply, Switched } from './downstream.ts'
import { addLines, fieldObject } from './http2-head.ts'
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
  /** The answer is out, or on its way. */
  answered(): void
  /** The client has taken what was sent to it. */
  drained(): void
  /** The stream has become a tunnel. */
  switched(): void
  pauseReading(): void
  resumeReading(): void
}

// Dates are the upstream's, or added where the answer is made.
const WHOLE = { endStream: true, sendDate: false }
const OPEN = { endStream: false, sendDate: false }
const WITH_TRAILERS = { waitForTrailers: true, sendDate: false }

/** The answer to one request of an HTTP/2 connection. What arrives together leaves in one piece. */
export class Http2Answer implements Downstream {
  readonly client: ClientFacts
  readonly hasPending = false
  private readonly stream: ServerHttp2Stream
  private readonly request: Http2Reading
  private readonly isHeadOnly: boolean
  /** The request asks for a tunnel, so a 2xx would be taken for one (RFC 8441 §4). */
  private readonly wantsTunnel: boolean
  private fields: string[] | undefined
  private mayHaveTrailers = false
  private isWhole = false
  private pieces: Buffer[] = []
  private trailers = ''

  constructor(
    stream: ServerHttp2Stream,
    client: ClientFacts,
    request: Http2Reading,
    kind: { readonly isHeadOnly: boolean; readonly wantsTunnel: boolean },
  ) {
    this.stream = stream
    this.client = client
    this.request = request
    this.isHeadOnly = kind.isHeadOnly
    this.wantsTunnel = kind.wantsTunnel
  }

  sendInformational(head: Http1Head): void {
    if (this.isGone) return
    const fields = [':status', String(head.status)]
    const text = informationalText(head)
    addLines(fields, text.slice(text.indexOf('\r\n') + 2))
    this.stream.additionalHeaders(fieldObject(fields))
  }

  sendContinue(): void {
    if (!this.isGone) this.stream.additionalHeaders({ ':status': 100 })
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
    this.mayHaveTrailers = framing === 'chunked'
    this.fields = fields
  }

  sendBody(bytes: Buffer, from: number, to: number): void {
    if (this.isWhole && this.fields !== undefined) this.fields.push('content-length', String(to - from))
    if (this.isHeadOnly) return
    this.pieces.push(Buffer.from(bytes.subarray(from, to)))
  }

  flush(): boolean {
    if (this.isGone) return true
    this.respond(this.mayHaveTrailers ? WITH_TRAILERS : OPEN)
    this.writePieces()
    if (!this.stream.writableNeedDrain) return true
    this.stream.once('drain', () => this.request.drained())
    return false
  }

  sendEnd(trailers: string): void {
    this.trailers = trailers
    if (!this.isGone) {
      // A whole answer has its trailers, or none: nobody need wait for any.
      if (this.pieces.length === 0 && trailers === '') this.respond(WHOLE)
      else this.respond(trailers === '' ? OPEN : WITH_TRAILERS)
      const last = this.pieces.pop()
      this.writePieces()
      if (last === undefined) this.stream.end()
      else this.stream.end(last)
    }
    this.request.answered()
  }

  sendReply({ status, lines, body, refusal }: LocalReply): void {
    if (refusal !== undefined) return this.sendReply(refusalReply(status))
    const isBodiless = status === 204 || status === 304
    const fields = [':status', this.statusOf(status)]
    addLines(fields, isBodiless ? lines.replace(/^Content-Type:.*\r\n/m, '') : lines)
    addLines(fields, currentDateLine())
    if (!isBodiless && (!this.isHeadOnly || body !== '')) fields.push('content-length', String(body.length))
    this.fields = fields
    if (!isBodiless && !this.isHeadOnly && body !== '') this.pieces.push(Buffer.from(body, 'latin1'))
    this.sendEnd('')
  }

  abort(): void {
    resetStream(this.stream, constants.NGHTTP2_INTERNAL_ERROR)
  }

  switchProtocols(head: Http1Head): Switched {
    const fields = [':status', '200']
    const text = responseLines(head, 11, NO_ADDITIONS)
    addLines(fields, text.slice(text.indexOf('\r\n') + 2))
    this.fields = withoutField(fields, 'sec-websocket-accept')
    const link = new StreamLink(this.stream)
    if (!this.isGone) this.respond(OPEN)
    this.request.switched()
    return { link, rest: undefined, done: () => this.request.answered() }
  }

  pauseBody(): void {
    this.request.pauseReading()
  }

  resumeBody(): void {
    this.request.resumeReading()
  }

  keepBody(): void {
    // What a stream delivers is never used again.
  }

  /** The last byte of the body has left, and the client waits for what follows. */
  private sendTrailers(): void {
    const fields: string[] = []
    addLines(fields, this.trailers)
    this.stream.sendTrailers(fieldObject(fields))
  }

  private get isGone(): boolean {
    return this.stream.destroyed || this.stream.closed
  }

  private respond(options: { readonly endStream?: boolean; readonly waitForTrailers?: boolean }): void {
    const { fields } = this
    if (fields === undefined) return
    this.fields = undefined
    // Listeners are what costs a stream of Node's: only who needs one has it.
    if (options.waitForTrailers === true) this.stream.on('wantTrailers', () => this.sendTrailers())
    this.stream.respond(fields, options)
  }

  private writePieces(): void {
    const { pieces } = this
    if (pieces.length === 0) return
    this.pieces = []
    for (const piece of pieces) this.stream.write(piece)
  }

  private statusOf(status: number): string {
    // Node sends no status outside of 200 to 599 here; and no 2xx may stand where a tunnel was asked for and there is none.
    if (status < 200 || status > 599 || (this.wantsTunnel && status >= 200 && status < 300)) return '502'
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

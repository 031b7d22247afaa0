import type { AccessRecord } from '../../log/access-record.ts'
import { HEADER } from '../../wire/header-names.ts'
import type { Exchange } from './exchange.ts'
import { outgoingHead } from './outgoing-head.ts'
import type { RequestHeadWriter } from './request-head.ts'

/** What the access log may ask of an exchange that is over. To be used at once: the exchange's head is given away after. */
export class AccessEntry implements AccessRecord {
  readonly endMs: number
  readonly durationNs: number
  private readonly exchange: Exchange
  private readonly requestHeads: RequestHeadWriter

  constructor(exchange: Exchange, durationMs: number, requestHeads: RequestHeadWriter) {
    this.exchange = exchange
    this.requestHeads = requestHeads
    this.endMs = Date.now()
    this.durationNs = Math.round(durationMs * 1e6)
  }

  get remoteAddr(): string {
    const { address, port } = this.exchange.downstream.client
    return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
  }

  get method(): string {
    return this.exchange.head.method
  }

  get requestTarget(): string {
    return this.exchange.head.target
  }

  get proto(): string {
    const { version } = this.exchange.head
    if (version === 20) return 'HTTP/2.0'
    return version === 10 ? 'HTTP/1.0' : 'HTTP/1.1'
  }

  get requestScheme(): string {
    const { head, downstream, isWebSocket } = this.exchange
    return this.requestHeads.scheme(head, downstream.client, isWebSocket)
  }

  get originalHost(): string {
    return this.exchange.host
  }

  get requestHost(): string {
    return this.exchange.sentHost
  }

  get requestPath(): string {
    return this.exchange.rawPath
  }

  get requestQuery(): string {
    return this.exchange.query.slice(1)
  }

  get status(): number {
    return this.exchange.status
  }

  get bodyBytes(): number {
    return this.exchange.bodyBytes
  }

  get upstreamAddr(): string {
    return this.exchange.target?.authorityBytes ?? ''
  }

  get upstreamScheme(): string {
    return this.exchange.target?.scheme ?? ''
  }

  get upstreamPath(): string {
    const { sentTarget } = this.exchange
    const queryAt = sentTarget.indexOf('?')
    return queryAt === -1 ? sentTarget : sentTarget.slice(0, queryAt)
  }

  get upstreamQuery(): string {
    const { sentTarget } = this.exchange
    const queryAt = sentTarget.indexOf('?')
    return queryAt === -1 ? '' : sentTarget.slice(queryAt + 1)
  }

  get upstreamService(): string {
    return this.exchange.target?.service ?? ''
  }

  header(name: string): string | undefined {
    const { head, target, isWebSocket } = this.exchange
    // As in the original X-Forwarded-For is the client's own here: ours is added on the way out.
    if (name === 'x-forwarded-for' && !isWebSocket) return head.get(HEADER.xForwardedFor)
    const i = head.findByName(name)
    if (i !== -1 && !this.requestHeads.writes(name)) return head.value(i)
    if (target === undefined || !this.requestHeads.writes(name)) return undefined
    return lineOf(this.requestHeads.write(outgoingHead(this.exchange, target), this.exchange.downstream.client), name)
  }
}

/** The value of the first line with this name, in lower case, of a head. */
function lineOf(head: string, name: string): string | undefined {
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon > 0 && line.slice(0, colon).toLowerCase() === name) return line.slice(colon + 1).trim()
  }
  return undefined
}

// The head of a request as it goes to the upstream: the client's lines in their order and form, without those that end here,
// and with what the upstream should know of the client (docs/headers.md).

import type { ProxyConfig } from '../../config/config.ts'
import { HEADER, type HeaderId } from '../../wire/header-names.ts'
import type { Http1Head } from '../../wire/http1-head.ts'
import { HOP_BY_HOP, PROTECTED } from './hop-by-hop.ts'

/** `proxy.header.*` and `proxy.localip`. */
export interface RequestHeaderOptions {
  readonly localIp: string
  readonly clientIpHeader: string
  readonly requestIdHeader: string
  readonly tlsHeader: string
  readonly tlsHeaderValue: string
}

/** What is said of the client; one a connection, so that what does not change is made once. */
export interface ClientFacts {
  readonly address: string
  readonly port: number
  /** undefined on a connection in the clear. */
  readonly tls: { readonly version: string; readonly cipher: string } | undefined
  /** Headers that only a trusted proxy may send, and this client is none. */
  readonly withdraws?: readonly HeaderId[] | undefined
}

/** What is particular to this request. */
export interface OutgoingHead {
  readonly head: Http1Head
  readonly method: string
  /** Path and query. */
  readonly target: string
  /** The Host header to send, '' when the client sent none; X-Forwarded-Host and -Port describe it too, as in the original. */
  readonly host: string
  /** The target's own host and port, sent when there is no other. */
  readonly authority: string
  /** The value of X-Forwarded-Prefix, or undefined for routes that strip nothing. */
  readonly strip: string | undefined
  readonly requestId: string
  /** The protocol to change to, or ''. */
  readonly upgrade: string
  readonly framing: 'none' | 'length' | 'chunked'
}

// What a client's header does to the fast way: 1, it is left out; 2, it takes part in what is said of the client.
const KEEP = 0
const DROP = 1
const FORWARDING = 2
const TREATMENT = new Uint8Array(256)
for (let id = 0; id < 256; id++) if (HOP_BY_HOP[id] === 1) TREATMENT[id] = DROP
TREATMENT[HEADER.host] = DROP
const FORWARDING_HEADERS = [
  HEADER.xForwardedFor,
  HEADER.xForwardedProto,
  HEADER.xForwardedPort,
  HEADER.xForwardedHost,
  HEADER.xForwardedPrefix,
  HEADER.xRealIp,
  HEADER.forwarded,
]
for (const id of FORWARDING_HEADERS) TREATMENT[id] = FORWARDING

/** As the options say. */
export function createRequestHeads({ localIp, header }: Pick<ProxyConfig, 'localIp' | 'header'>): RequestHeadWriter {
  return new RequestHeadWriter({
    localIp,
    clientIpHeader: header.clientIp,
    requestIdHeader: header.requestId,
    tlsHeader: header.tls,
    tlsHeaderValue: header.tlsValue,
  })
}

export class RequestHeadWriter {
  private readonly options: RequestHeaderOptions
  /** Names that the options set themselves: a client's header of that name never passes. In lower case. */
  private readonly ownNames: readonly string[]
  private readonly isClientIpSet: boolean
  /** The address stands in a header that more is written to; '' when it has one of its own. */
  private readonly sharedClientIp: 'x-forwarded-for' | 'forwarded' | ''
  private readonly protectedNames: ReadonlySet<string>

  constructor(options: RequestHeaderOptions) {
    this.options = options
    // As in the original the two names are exempt in exactly this spelling: `X-Real-IP` is not, and overwrites.
    const { clientIpHeader } = options
    this.isClientIpSet = clientIpHeader !== '' && clientIpHeader !== 'X-Forwarded-For' && clientIpHeader !== 'X-Real-Ip'
    const folded = clientIpHeader.toLowerCase()
    this.sharedClientIp = this.isClientIpSet && (folded === 'x-forwarded-for' || folded === 'forwarded') ? folded : ''
    const own = [this.isClientIpSet ? clientIpHeader : '', options.requestIdHeader, options.tlsHeader]
    this.ownNames = own.filter(name => name !== '').map(name => name.toLowerCase())
    this.protectedNames = new Set([...PROTECTED, ...this.ownNames])
  }

  write(request: OutgoingHead, client: ClientFacts): string {
    const { head } = request
    let text = `${request.method} ${request.target} HTTP/1.1\r\nHost: ${request.host === '' ? request.authority : request.host}\r\n`
    text += this.clientLines(head, request.strip !== undefined)
    text += this.forwardingLines(request, client)
    if (head.find(HEADER.te) !== -1 && offersTrailers(head)) text += 'TE: trailers\r\n'
    if (request.upgrade !== '') text += `Connection: Upgrade\r\nUpgrade: ${request.upgrade}\r\n`
    if (request.framing === 'length') text += `Content-Length: ${Math.max(head.contentLength, 0)}\r\n`
    else if (request.framing === 'chunked') text += `Transfer-Encoding: chunked\r\n${announcedTrailers(head)}`
    return `${text}\r\n`
  }

  /** Trailer lines of a client, each with its CR LF, without those whose names are ours to set. */
  trailers(sent: string): string {
    if (this.ownNames.length === 0) return sent
    let kept = ''
    for (const line of sent.split('\r\n')) {
      if (line !== '' && !this.isOwn(line.slice(0, line.indexOf(':')).toLowerCase())) kept += `${line}\r\n`
    }
    return kept
  }

  /** Is a header of this name, in lower case, written by us, so that the client's own is not what the upstream sees? */
  writes(folded: string): boolean {
    return PROTECTED.has(folded) || this.ownNames.includes(folded)
  }

  /** Which protocol the client says it came by, before anything is added: Fabio's rule for `$request_scheme` and `Forwarded`. */
  scheme(head: Http1Head, client: ClientFacts, isWebSocket: boolean): string {
    const proto = head.get(HEADER.xForwardedProto) ?? ''
    const forwarded = head.get(HEADER.forwarded) ?? ''
    if (proto !== '' && forwarded === '') return proto
    if (proto === '' && forwarded !== '') {
      const named = forwardedProto(forwarded)
      if (named !== undefined) return named
    }
    if (isWebSocket) return client.tls === undefined ? 'ws' : 'wss'
    return client.tls === undefined ? 'http' : 'https'
  }

  /** The client's own lines, copied in runs: a line that is left out ends one. */
  private clientLines(head: Http1Head, isStripped: boolean): string {
    const { text: sent, count } = head
    const mustCompare = this.ownNames.length > 0 || head.namesHeaders
    let lines = ''
    let runStart = head.lineStart(0)
    for (let i = 0; i < count; i++) {
      const treatment = TREATMENT[head.id(i)]!
      if (treatment === KEEP) {
        if (!mustCompare || !this.endsHere(head, i)) continue
      } else if (treatment === FORWARDING && this.passes(head, i, isStripped)) {
        continue
      }
      const start = head.lineStart(i)
      if (start > runStart) lines += sent.slice(runStart, start)
      runStart = head.lineStart(i + 1)
    }
    return lines + sent.slice(runStart)
  }

  /** Headers whose value is kept when the client, a proxy before us, has given one; the others are written by us. */
  private passes(head: Http1Head, i: number, isStripped: boolean): boolean {
    switch (head.id(i)) {
      case HEADER.xForwardedProto:
      case HEADER.xForwardedPort:
      case HEADER.xForwardedHost:
      case HEADER.xRealIp: {
        if (this.isOwn(head.name(i).toLowerCase())) return false
        const first = head.find(head.id(i))
        return head.valueLength(first) > 0
      }
      case HEADER.xForwardedPrefix:
        return !isStripped && !this.isOwn('x-forwarded-prefix')
      default:
        return false
    }
  }

  /** Is the header ours to set, or named by Connection as belonging to the client's connection only? */
  private endsHere(head: Http1Head, i: number): boolean {
    const name = head.name(i).toLowerCase()
    if (this.isOwn(name)) return true
    return head.namesHeaders && !this.protectedNames.has(name) && head.connectionNames(name)
  }

  private isOwn(folded: string): boolean {
    return this.ownNames.includes(folded)
  }

  private forwardingLines(request: OutgoingHead, client: ClientFacts): string {
    const { head, host } = request
    const { address } = client
    const { options } = this
    const isWebSocket = request.upgrade.toLowerCase() === 'websocket'
    const scheme = this.scheme(head, client, isWebSocket)
    let lines = `X-Forwarded-For: ${this.forwardedFor(head, address)}\r\n`
    if (this.isWanted(head, HEADER.xRealIp, 'x-real-ip')) lines += `X-Real-Ip: ${address}\r\n`
    if (this.isWanted(head, HEADER.xForwardedProto, 'x-forwarded-proto'))
      lines += `X-Forwarded-Proto: ${plainScheme(scheme)}\r\n`
    if (this.isWanted(head, HEADER.xForwardedPort, 'x-forwarded-port'))
      lines += `X-Forwarded-Port: ${portOf(host, client.tls !== undefined)}\r\n`
    if (host !== '' && this.isWanted(head, HEADER.xForwardedHost, 'x-forwarded-host'))
      lines += `X-Forwarded-Host: ${host}\r\n`
    if (request.strip !== undefined) lines += `X-Forwarded-Prefix: ${request.strip}\r\n`
    lines += `Forwarded: ${this.forwarded(head, client, scheme)}\r\n`
    if (this.isClientIpSet && this.sharedClientIp === '') lines += `${options.clientIpHeader}: ${address}\r\n`
    if (options.requestIdHeader !== '') lines += `${options.requestIdHeader}: ${request.requestId}\r\n`
    if (options.tlsHeader !== '' && client.tls !== undefined)
      lines += `${options.tlsHeader}: ${options.tlsHeaderValue}\r\n`
    return lines
  }

  /** Has the client given no value, and do the options not give another? */
  private isWanted(head: Http1Head, id: (typeof FORWARDING_HEADERS)[number], folded: string): boolean {
    const i = head.find(id)
    return (i === -1 || head.valueLength(i) === 0) && !this.isOwn(folded)
  }

  private forwardedFor(head: Http1Head, address: string): string {
    // The option overwrites what the client sent before the address is added.
    if (this.sharedClientIp === 'x-forwarded-for') return `${address}, ${address}`
    const first = head.find(HEADER.xForwardedFor)
    if (first === -1) return address
    let all = ''
    for (let i = first; i < head.count; i++) if (head.id(i) === HEADER.xForwardedFor) all += `${head.value(i)}, `
    return all + address
  }

  private forwarded(head: Http1Head, client: ClientFacts, scheme: string): string {
    const { tls } = client
    let value = this.sharedClientIp === 'forwarded' ? client.address : (head.get(HEADER.forwarded) ?? '')
    if (value === '') value = `for=${client.address}; proto=${scheme}`
    if (this.options.localIp !== '') value += `; by=${this.options.localIp}`
    value += `; httpproto=http/${Math.floor(head.version / 10)}.${head.version % 10}`
    if (tls !== undefined) value += `; tlsver=${tls.version}; tlscipher=${tls.cipher}`
    return value
  }
}

function plainScheme(scheme: string): string {
  if (scheme === 'ws') return 'http'
  return scheme === 'wss' ? 'https' : scheme
}

/** The port the client asked for, by the host it named. */
function portOf(host: string, isTls: boolean): string {
  const colon = host.lastIndexOf(':')
  // In `[::1]` the last colon belongs to the address.
  if (colon > 0 && colon < host.length - 1 && !host.endsWith(']')) return host.slice(colon + 1)
  return isTls ? '443' : '80'
}

/** The value of the `proto` parameter of a Forwarded header as the original reads it: up to the next `;`, not unquoted. */
function forwardedProto(value: string): string | undefined {
  let at = value.indexOf('proto=')
  // `httpproto=` is another parameter, of our own making.
  while (at > 0 && value.slice(at - 4, at) === 'http') at = value.indexOf('proto=', at + 1)
  if (at === -1) return undefined
  const end = value.indexOf(';', at)
  return end === -1 ? value.slice(at + 6) : value.slice(at + 6, end)
}

function offersTrailers(head: Http1Head): boolean {
  for (let i = head.find(HEADER.te); i < head.count; i++) {
    if (head.id(i) !== HEADER.te) continue
    for (const part of head.value(i).split(',')) {
      if (part.trim().toLowerCase() === 'trailers') return true
    }
  }
  return false
}

/** A trailer that is announced may be waited for; which ones then come is filtered again. */
function announcedTrailers(head: Http1Head): string {
  const first = head.find(HEADER.trailer)
  if (first === -1) return ''
  let lines = ''
  for (let i = first; i < head.count; i++) if (head.id(i) === HEADER.trailer) lines += `Trailer: ${head.value(i)}\r\n`
  return lines
}

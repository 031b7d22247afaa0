import type net from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { CertificateSet } from '../cert/certificate-set.ts'
import { Link, type LinkUser } from '../socket/link.ts'
import { plainAddress } from '../socket/plain-address.ts'
import { type ClientHelloOutcome, ClientHelloReader } from './client-hello-reader.ts'
import type { Arrival, ListenerOptions } from './listener.ts'
import { ProxyHeaderReader } from './proxy-header.ts'
import { mayOfferHttp2, tlsFacts } from './tls-options.ts'
import { TlsTerminator } from './tls-terminator.ts'

const NOBODY: LinkUser = { onBytes() {}, onEnd() {}, onDrain() {}, onClose() {} }

/** Connections of a listener until they are somebody's: their PROXY header, the name they ask for, their TLS handshake. */
export class Arrivals {
  private readonly options: ListenerOptions
  private readonly terminator: TlsTerminator<Arrival> | undefined
  private readonly reading = new Set<Link>()

  constructor(options: ListenerOptions) {
    this.options = options
    const { spec, tls, log } = options
    if (tls === undefined) return
    const speaksHttp2 = options.acceptHttp2 !== undefined && mayOfferHttp2(spec)
    this.terminator = new TlsTerminator<Arrival>(
      {
        spec,
        protocols: speaksHttp2 ? ['h2', ...tls.protocols] : tls.protocols,
        handshakeTimeoutMs: tls.handshakeTimeoutMs,
        issue: tls.issue,
        log,
        onSecure: (socket, arrival) => this.acceptSecure(socket, arrival),
      },
      tls.clientCertificates,
    )
  }

  get size(): number {
    return this.reading.size + (this.terminator?.size ?? 0)
  }

  setCertificates(set: CertificateSet): void {
    this.terminator?.setCertificates(set)
  }

  setTicketKey(key: Uint8Array): void {
    this.terminator?.setTicketKey(key)
  }

  destroy(): void {
    for (const link of this.reading) link.destroy()
    this.terminator?.destroy()
  }

  take(socket: net.Socket, listenPort: number): void {
    const { spec, serverNames, accept } = this.options
    if (!spec.proxyProtocol && serverNames === undefined && this.terminator !== undefined) {
      const client = { address: plainAddress(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 }
      return this.terminator.take(socket, { client, announcedServer: undefined, listenPort })
    }
    const link = Link.accepted(socket, NOBODY)
    const client = { address: link.remoteAddress, port: link.remotePort }
    const arrival = { client, announcedServer: undefined, listenPort }
    if (spec.proxyProtocol) this.readProxyHeader(link, arrival)
    else if (serverNames !== undefined) this.readServerName(link, arrival, undefined)
    else link.user = accept({ link, ...arrival, tls: undefined })
  }

  private readProxyHeader(link: Link, arrival: Arrival): void {
    const { spec, deadlines, log } = this.options
    this.watch(link)
    link.user = new ProxyHeaderReader(link, deadlines, spec.proxyHeaderTimeoutMs, {
      malformed: reason => log.debug(`${spec.addr}: ${reason} from ${arrival.client.address}`),
      read: ({ header, rest }) => {
        this.reading.delete(link)
        if (header !== undefined && this.options.trusts?.(arrival.client.address) === false) {
          log.debug(`${spec.addr}: PROXY header of ${arrival.client.address}, which is not trusted`)
          return link.destroy()
        }
        const { client = arrival.client, server } = header ?? {}
        this.go(link, { ...arrival, client, announcedServer: server }, rest)
      },
    })
  }

  private go(link: Link, arrival: Arrival, rest: Buffer | undefined): void {
    const { serverNames, accept } = this.options
    if (serverNames !== undefined) return this.readServerName(link, arrival, rest)
    if (this.terminator !== undefined) return this.terminator.take(link.giveAway(rest), arrival)
    handOver(link, accept({ link, ...arrival, tls: undefined }), rest)
  }

  private readServerName(link: Link, arrival: Arrival, rest: Buffer | undefined): void {
    const { deadlines, serverNames } = this.options
    this.watch(link)
    const reader = new ClientHelloReader(deadlines, serverNames?.timeoutMs ?? 0, outcome => {
      this.reading.delete(link)
      this.separate(link, arrival, outcome)
    })
    handOver(link, reader, rest)
  }

  /** `tcp+sni` and `https+tcp+sni`: what is passed on as it is, what is decrypted, and what is neither. */
  private separate(link: Link, arrival: Arrival, { reading, bytes }: ClientHelloOutcome): void {
    const { serverNames, spec, log } = this.options
    if (serverNames === undefined || !link.isOpen) return
    if (reading.kind === 'hello' && serverNames.passes(reading.serverName)) {
      return handOver(link, serverNames.accept({ link, ...arrival, tls: undefined }, reading.serverName), bytes)
    }
    if (this.terminator !== undefined && bytes.length > 0) return this.terminator.take(link.giveAway(bytes), arrival)
    const reason = reading.kind === 'malformed' ? reading.reason : 'server_name missing'
    log.debug(`${spec.proto}: TLS handshake failed (${reason})`)
    serverNames.refused()
    link.destroy()
  }

  private acceptSecure(socket: TLSSocket, arrival: Arrival): void {
    const { accept, acceptHttp2 } = this.options
    const tls = tlsFacts(socket.getProtocol(), socket.getCipher().standardName)
    const link = Link.secured(socket, NOBODY)
    const accepted = { link, ...arrival, tls }
    link.user = socket.alpnProtocol === 'h2' && acceptHttp2 !== undefined ? acceptHttp2(accepted) : accept(accepted)
  }

  private watch(link: Link): void {
    this.reading.add(link)
    link.socket.once('close', () => this.reading.delete(link))
  }
}

function handOver(link: Link, user: LinkUser, rest: Buffer | undefined): void {
  link.user = user
  if (rest !== undefined) user.onBytes(rest, rest.length)
}

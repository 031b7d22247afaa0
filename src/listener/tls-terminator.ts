import { createHash, hkdfSync } from 'node:crypto'
import type net from 'node:net'
import tls from 'node:tls'
import type { CertificatePair, CertificateSet } from '../cert/certificate-set.ts'
import type { ListenerSpec } from '../config/listener-spec.ts'
import type { Log } from '../log/log.ts'
import { CertificateIndex } from './certificate-index.ts'
import type { ClientCertificates } from './listener.ts'
import { tlsContextOptions } from './tls-options.ts'
import { UpgradedAuthorities } from './upgraded-authorities.ts'

export interface TlsTerminatorOptions<T> {
  readonly spec: ListenerSpec
  /** What is offered to clients that ask (ALPN), the best first; a client that wants none of these is refused. None: no offer. */
  readonly protocols: readonly string[]
  readonly handshakeTimeoutMs: number
  readonly log: Log
  /** Has a certificate made for a name that there is none for; calls back when there is one, or there will be none. */
  readonly issue?: ((serverName: string, done: () => void) => void) | undefined
  /** The handshake is done, and the client's certificate, if one is asked for, is good. */
  onSecure(socket: tls.TLSSocket, facts: T): void
}

/** Tickets are good for as long as their key, which the control plane changes. */
const SESSION_SECONDS = 12 * 3600

/** Alerts of TLS (RFC 8446 §6), in the clear, as before the handshake. */
const UNRECOGNIZED_NAME = Buffer.from([21, 3, 3, 0, 2, 2, 112])
const INTERNAL_ERROR = Buffer.from([21, 3, 3, 0, 2, 2, 80])

/** What Go answers to somebody who speaks HTTP where TLS is spoken. */
const HTTP_PROTOCOLS: ReadonlySet<string> = new Set(['http', 'https', 'https+tcp+sni', 'prometheus'])
const NOT_TLS = 'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n'

/** node:tls keeps the socket it was given here. Without it a failed handshake ends without a word, which is all that is lost. */
interface WrappedSocket extends tls.TLSSocket {
  readonly _parent?: net.Socket
}

/** Made when somebody first asks for it: there may be thousands. */
interface Identity {
  readonly pair: CertificatePair
  context: tls.SecureContext | undefined
}

/** The TLS of one listener: takes accepted sockets, gives back secure ones. `T` is what the listener knows of a socket. */
export class TlsTerminator<T> {
  private readonly options: TlsTerminatorOptions<T>
  private readonly contextOptions: tls.SecureContextOptions
  private readonly server: tls.Server
  private readonly requiresCertificate: boolean
  private readonly pending = new Map<net.Socket, T>()
  private index = new CertificateIndex<Identity>([], { strict: true })
  private set: CertificateSet = { pairs: [], clientAuthorities: undefined, upgradedAuthorities: [] }
  private upgraded = new UpgradedAuthorities([])
  private masterKey: Uint8Array = new Uint8Array(0)

  constructor(options: TlsTerminatorOptions<T>, clientCertificates: ClientCertificates) {
    const { spec, protocols, handshakeTimeoutMs } = options
    this.options = options
    this.requiresCertificate = clientCertificates !== 'not asked for'
    this.contextOptions = tlsContextOptions(spec)
    const terminator = this
    this.server = tls.createServer({
      ...this.contextOptions,
      ca: [],
      ...(protocols.length > 0 ? { ALPNProtocols: [...protocols] } : {}),
      ...(handshakeTimeoutMs > 0 ? { handshakeTimeout: handshakeTimeoutMs } : {}),
      requestCert: this.requiresCertificate,
      // Those of upgraded authorities are looked at when the handshake is done.
      rejectUnauthorized: clientCertificates === 'required',
      SNICallback(this: unknown, name, done) {
        terminator.choose(this as WrappedSocket, name, done)
      },
    })
    this.server.on('secureConnection', socket => this.onSecure(socket))
    this.server.on('tlsClientError', (error, socket) => this.onHandshakeError(error, socket))
  }

  /** Connections in their handshake. */
  get size(): number {
    return this.pending.size
  }

  /** New connections get these; those that are open stay as they are. */
  setCertificates(set: CertificateSet): void {
    const known = new Map(this.index.values().map(identity => [identity.pair.name, identity]))
    const isSameTrust = sameTexts(set.clientAuthorities, this.set.clientAuthorities)
    const identities = set.pairs.map(pair => {
      const old = known.get(pair.name)
      const isSame = isSameTrust && old?.pair.cert === pair.cert && old.pair.key === pair.key
      return isSame ? old : { pair, context: undefined }
    })
    this.set = set
    this.upgraded = new UpgradedAuthorities(set.upgradedAuthorities)
    const entries = identities.map(identity => [identity.pair.serverNames, identity] as const)
    this.index = new CertificateIndex(entries, { strict: this.options.spec.strictMatch })
    this.renew()
  }

  /** Session tickets are encrypted with keys made of this one, which all workers have. */
  setTicketKey(key: Uint8Array): void {
    this.masterKey = key
    this.renew()
  }

  /** Begins the handshake with a client. What was read of the socket before was put back into it. */
  take(socket: net.Socket, facts: T): void {
    this.pending.set(socket, facts)
    socket.once('close', () => this.pending.delete(socket))
    this.server.emit('connection', socket)
  }

  destroy(): void {
    for (const socket of this.pending.keys()) socket.destroy()
  }

  /** What clients get that ask for no name. Its keys are those of all tickets, whatever name was asked for. */
  private renew(): void {
    const pair = this.index.default?.pair
    try {
      this.server.setSecureContext({
        ...this.contextOptions,
        ...this.sessions(),
        ...(pair === undefined ? {} : { cert: pair.cert, key: pair.key }),
        ca: [...(this.set.clientAuthorities ?? [])],
      })
    } catch (cause) {
      this.options.log.error(`listener ${this.options.spec.addr}: ${pair?.name} cannot be used: ${String(cause)}`)
    }
  }

  /** A ticket is good at listeners of this address which trust the same authorities, in every worker. */
  private sessions(): tls.SecureContextOptions {
    const trust = createHash('sha256').update(this.options.spec.addr)
    for (const authority of this.set.clientAuthorities ?? []) trust.update('\0').update(authority)
    const place = trust.digest('hex')
    const options = { sessionIdContext: place.slice(0, 32), sessionTimeout: SESSION_SECONDS }
    if (this.masterKey.length === 0) return options
    return { ...options, ticketKeys: Buffer.from(hkdfSync('sha256', this.masterKey, '', place, 48)) }
  }

  /** Nothing here may throw: node:tls would end the process. */
  private choose(
    socket: WrappedSocket,
    serverName: string,
    done: (error: Error | null, context?: tls.SecureContext) => void,
  ): void {
    const { issue } = this.options
    if (issue === undefined || this.index.find(serverName) !== undefined) return this.show(socket, serverName, done)
    issue(serverName, () => this.show(socket, serverName, done))
  }

  private show(
    socket: WrappedSocket,
    serverName: string,
    done: (error: Error | null, context?: tls.SecureContext) => void,
  ): void {
    const { index } = this
    const identity = index.find(serverName)
    if (identity === undefined) {
      return this.refuse(
        socket,
        index.isEmpty ? INTERNAL_ERROR : UNRECOGNIZED_NAME,
        `no certificate for ${serverName}`,
        done,
      )
    }
    if (identity === index.default) return done(null)
    try {
      identity.context ??= tls.createSecureContext({
        ...this.contextOptions,
        cert: identity.pair.cert,
        key: identity.pair.key,
        ca: [...(this.set.clientAuthorities ?? [])],
      })
    } catch (cause) {
      return this.refuse(socket, INTERNAL_ERROR, `${identity.pair.name} cannot be used: ${String(cause)}`, done)
    }
    done(null, identity.context)
  }

  private refuse(socket: WrappedSocket, alert: Buffer, reason: string, done: (error: Error) => void): void {
    socket._parent?.write(alert)
    done(new Error(reason))
  }

  private onSecure(socket: WrappedSocket): void {
    const raw = socket._parent
    const facts = raw === undefined ? undefined : this.pending.get(raw)
    if (raw === undefined || facts === undefined) return void socket.destroy()
    this.pending.delete(raw)
    if (this.requiresCertificate && !socket.authorized && !this.isUpgraded(socket)) return void socket.destroy()
    this.options.onSecure(socket, facts)
  }

  private isUpgraded(socket: tls.TLSSocket): boolean {
    // Its type says Error; it is the code.
    return this.upgraded.accept(socket.getPeerX509Certificate(), String(socket.authorizationError))
  }

  private onHandshakeError(error: NodeJS.ErrnoException, socket: WrappedSocket): void {
    const { log, spec } = this.options
    log.debug(
      `TLS handshake error on ${spec.addr} from ${socket.remoteAddress ?? 'a client that is gone'}: ${error.message}`,
    )
    if (error.code === 'ERR_SSL_HTTP_REQUEST' && HTTP_PROTOCOLS.has(spec.proto))
      socket._parent?.write(NOT_TLS, 'latin1')
    socket.destroy()
  }
}

function sameTexts(some: readonly string[] | undefined, others: readonly string[] | undefined): boolean {
  if (some === undefined || others === undefined) return some === others
  return some.length === others.length && some.every((text, i) => text === others[i])
}

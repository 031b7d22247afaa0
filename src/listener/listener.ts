import { lookup } from 'node:dns/promises'
import net from 'node:net'
import type { CertificateSet } from '../cert/certificate-set.ts'
import type { ListenerSpec } from '../config/listener-spec.ts'
import type { Log } from '../log/log.ts'
import type { Deadlines } from '../socket/deadlines.ts'
import type { Link, LinkUser } from '../socket/link.ts'
import type { ProxyAddress } from '../wire/proxy-protocol.ts'
import { Arrivals } from './arrivals.ts'
import type { TlsFacts } from './tls-options.ts'

/** A new connection, decrypted if the listener has TLS. */
export interface Accepted extends Arrival {
  readonly link: Link
  /** undefined for a connection in the clear. */
  readonly tls: TlsFacts | undefined
}

/** What is known of a connection from the start. */
export interface Arrival {
  /** Who is connected: as a PROXY header says where there was one. */
  readonly client: ProxyAddress
  /** Where it connected to, as a PROXY header says; undefined leaves it to the socket. */
  readonly announcedServer: ProxyAddress | undefined
  /** The port of the listening socket, which is what TCP routes are named after. */
  readonly listenPort: number
}

export interface ListenerOptions {
  readonly spec: ListenerSpec
  /** Several threads listen on the same address. */
  readonly reusePort: boolean
  /** undefined for a listener in the clear. */
  readonly tls: TlsSettings | undefined
  /** undefined leaves the names that clients ask for to TLS. */
  readonly serverNames?: ServerNameSettings | undefined
  readonly deadlines: Deadlines
  readonly log: Log
  /** Does a PROXY header of this address count? Without this, everybody's does. */
  trusts?(address: string): boolean
  /** May another connection come in? */
  admits(): boolean
  /** Says who uses the connection. */
  accept(accepted: Accepted): LinkUser
  /** Likewise of what negotiated `h2`. Without it HTTP/2 is not offered. */
  acceptHttp2?(accepted: Accepted): LinkUser
}

/** Connections told apart by the server name they ask for (SNI), before anything is decrypted. */
export interface ServerNameSettings {
  /** For a ClientHello; 0 is no limit. */
  readonly timeoutMs: number
  /** Is what asks for this name passed on as it is? What is not is decrypted, or refused without TLS. '' when there is no name. */
  passes(serverName: string): boolean
  /** Says who uses such a connection; the ClientHello is the first that it gets. */
  accept(accepted: Accepted, serverName: string): LinkUser
  /** A connection could not be told, and is closed. */
  refused(): void
}

/** `clientca`: every client has to show a certificate; `caupgcn`: also of authorities that do not say that they are. */
export type ClientCertificates = 'not asked for' | 'required' | 'required, of upgraded authorities too'

export interface TlsSettings {
  /** Protocols to offer besides `h2` (ALPN); none where the protocol is not ours to know. */
  readonly protocols: readonly string[]
  /** What the source says of clients. */
  readonly clientCertificates: ClientCertificates
  /** 0 is no limit. */
  readonly handshakeTimeoutMs: number
  /** Has a certificate made for a name that there is none for; calls back when there is one, or there will be none. */
  readonly issue?: ((serverName: string, done: () => void) => void) | undefined
}

export interface Listener {
  readonly port: number
  /** Connections that nobody has been given yet: their PROXY header, ClientHello or TLS handshake is not complete. */
  readonly pending: number
  /** New connections get these certificates. */
  setCertificates(set: CertificateSet): void
  /** The secret that session tickets of all workers are made with. */
  setTicketKey(key: Uint8Array): void
  /** No new connections from now on; those that are open stay. */
  close(): void
  /** Ends those that are pending. */
  destroy(): void
}

const BACKLOG = 4096
/** As the original: a client that vanished without a word is found out within some minutes. */
const KEEP_ALIVE_MS = 180_000

/** The address could not be listened on. Its message is what Fabio says. */
export class ListenError extends Error {}

/**
 * Opens the socket of a listener; each accepted connection is given to `accept`.
 * @throws ListenError
 */
export async function startListener(options: ListenerOptions): Promise<Listener> {
  const { spec, log } = options
  const server = net.createServer({
    allowHalfOpen: true,
    pauseOnConnect: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
  })
  const arrivals = new Arrivals(options)
  server.on('connection', socket => {
    if (options.admits()) arrivals.take(socket, port)
    else socket.destroy()
  })
  await listen(server, spec, options.reusePort)
  server.on('error', error => log.error(`accept on ${spec.addr}: ${error.message}`))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : spec.port
  return {
    port,
    get pending() {
      return arrivals.size
    },
    setCertificates: set => arrivals.setCertificates(set),
    setTicketKey: key => arrivals.setTicketKey(key),
    close: () => void server.close(),
    destroy: () => arrivals.destroy(),
  }
}

async function listen(server: net.Server, spec: ListenerSpec, reusePort: boolean): Promise<void> {
  const host = await resolve(spec)
  try {
    await listenOn(server, { host: host ?? '::', port: spec.port, reusePort })
  } catch (cause) {
    // A machine without IPv6 still has all its IPv4 addresses.
    if (host !== undefined || !isWithoutIPv6(cause)) throw listenError(spec, cause)
    try {
      await listenOn(server, { host: '0.0.0.0', port: spec.port, reusePort })
    } catch (other) {
      throw listenError(spec, other)
    }
  }
}

/** A name becomes one address, of IPv4 when there is one. Empty: all addresses of the machine. */
async function resolve(spec: ListenerSpec): Promise<string | undefined> {
  if (spec.host === '') return undefined
  if (net.isIP(spec.host) !== 0) return spec.host
  try {
    const { address } = await lookup(spec.host, { order: 'ipv4first' })
    return address
  } catch (cause) {
    throw new ListenError(`listen: Fail to resolve tcp addr. ${spec.addr}`, { cause })
  }
}

function listenOn(server: net.Server, address: { host: string; port: number; reusePort: boolean }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ ...address, backlog: BACKLOG }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function isWithoutIPv6(cause: unknown): boolean {
  const code = (cause as NodeJS.ErrnoException).code
  return code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL'
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'address already in use'],
  ['EACCES', 'permission denied'],
  ['EADDRNOTAVAIL', 'cannot assign requested address'],
])

function listenError(spec: ListenerSpec, cause: unknown): ListenError {
  if (cause instanceof ListenError) return cause
  const { code = '', message } = cause as NodeJS.ErrnoException
  const reason = REASONS.get(code)
  return new ListenError(
    `listen: Fail to listen. listen tcp ${spec.addr}: ${reason === undefined ? message : `bind: ${reason}`}`,
    {
      cause,
    },
  )
}

/**
 * Can this address be listened on? Threads that share a port would also share it with another program that does the same, so
 * one socket that shares with nobody is tried first.
 * @returns the port, which was chosen here when `spec` has none
 * @throws ListenError
 */
export async function probeListener(spec: ListenerSpec): Promise<number> {
  const server = net.createServer()
  await listen(server, spec, false)
  const address = server.address()
  await new Promise(resolve => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : spec.port
}

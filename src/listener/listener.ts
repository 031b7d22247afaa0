import { lookup } from 'node:dns/promises'
import net from 'node:net'
import type { ListenerSpec } from '../config/listener-spec.ts'
import type { Log } from '../log/log.ts'
import type { Deadlines } from '../socket/deadlines.ts'
import { Link, type LinkUser } from '../socket/link.ts'
import type { ProxyAddress } from '../wire/proxy-protocol.ts'
import { ProxyHeaderReader } from './proxy-header.ts'

/** A new connection. */
export interface Accepted {
  readonly link: Link
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
  readonly deadlines: Deadlines
  readonly log: Log
  /** May another connection come in? */
  admits(): boolean
  /** Says who uses the connection. */
  accept(accepted: Accepted): LinkUser
}

export interface Listener {
  readonly port: number
  /** No new connections from now on; those that are open stay. */
  close(): void
}

const BACKLOG = 4096
/** As the original: a client that vanished without a word is found out within some minutes. */
const KEEP_ALIVE_MS = 180_000

const NOBODY: LinkUser = { onBytes() {}, onEnd() {}, onDrain() {}, onClose() {} }

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
  server.on('connection', socket => {
    if (options.admits()) receive(socket, port, options)
    else socket.destroy()
  })
  await listen(server, spec, options.reusePort)
  server.on('error', error => log.error(`accept on ${spec.addr}: ${error.message}`))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : spec.port
  return { port, close: () => void server.close() }
}

function receive(socket: net.Socket, listenPort: number, options: ListenerOptions): void {
  const { spec, deadlines, log } = options
  const link = Link.accepted(socket, NOBODY)
  const peer = { address: link.remoteAddress, port: link.remotePort }
  if (!spec.proxyProtocol) {
    link.user = options.accept({ link, client: peer, announcedServer: undefined, listenPort })
    return
  }
  link.user = new ProxyHeaderReader(link, deadlines, spec.proxyHeaderTimeoutMs, {
    malformed: reason => log.debug(`${spec.addr}: ${reason} from ${link.remoteAddress}`),
    read: ({ header, rest }) => {
      const user = options.accept({ link, client: header?.client ?? peer, announcedServer: header?.server, listenPort })
      link.user = user
      if (rest !== undefined) user.onBytes(rest, rest.length)
    },
  })
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

import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { ListenerSpec } from '../config/listener-spec.ts'
import type { Log } from '../log/log.ts'
import { plainAddress } from '../socket/plain-address.ts'
import { type ProxyAddress, parseProxyHeader } from '../wire/proxy-protocol.ts'
import { takeConnections } from './take-connections.ts'

export interface AnnouncedServerOptions {
  readonly spec: ListenerSpec
  readonly log: Log
  /** Does a PROXY header of this address count? */
  trusts(address: string): boolean
}

/** Has PROXY headers read before a server of the control plane (`pxyproto=true`) gets its connections, and before their TLS. */
export function announcedServer(server: Server, options: AnnouncedServerOptions): void {
  const serve = takeConnections(server, socket => readHeader(socket, options, serve))
}

/** As on every listener: the header may be missing, and silence for `pxytimeout` says that it is. */
function readHeader(
  socket: Socket,
  { spec, log, trusts }: AnnouncedServerOptions,
  serve: (socket: Socket) => void,
): void {
  let bytes: Buffer = Buffer.alloc(0)
  const go = (rest: Buffer): void => {
    forget()
    if (rest.length > 0) socket.unshift(rest)
    serve(socket)
  }
  const refuse = (reason: string): void => {
    log.debug(`${spec.addr}: ${reason}`)
    forget()
    socket.destroy()
  }
  const onReadable = (): void => {
    const piece = socket.read() as Buffer | null
    if (piece === null) return
    bytes = bytes.length === 0 ? piece : Buffer.concat([bytes, piece])
    const found = parseProxyHeader(bytes, bytes.length)
    const peer = plainAddress(socket.remoteAddress ?? '')
    if (found.kind === 'none') return go(bytes)
    if (found.kind === 'incomplete') return
    if (found.kind === 'malformed') return refuse(`${found.reason} from ${peer}`)
    if (!trusts(peer)) return refuse(`PROXY header of ${peer}, which is not trusted`)
    if (found.client !== undefined) announce(socket, found.client)
    go(bytes.subarray(found.length))
  }
  const onGone = (): void => {
    forget()
    socket.destroy()
  }
  const forget = (): void => {
    clearTimeout(timer)
    socket.off('readable', onReadable).off('end', onGone).off('error', onGone).off('close', onGone)
  }
  const timer = setTimeout(() => go(bytes), spec.proxyHeaderTimeoutMs)
  socket.on('readable', onReadable).on('end', onGone).on('error', onGone).on('close', onGone)
}

/** From now on the socket says that this is its other end. */
function announce(socket: Socket, { address, port }: ProxyAddress): void {
  Object.defineProperties(socket, { remoteAddress: { value: address }, remotePort: { value: port } })
}

/** What was announced of `from` holds for the secure socket on it. */
export function announceAgain(from: Socket, secure: Socket): void {
  const address = Object.getOwnPropertyDescriptor(from, 'remoteAddress')
  const port = Object.getOwnPropertyDescriptor(from, 'remotePort')
  if (address !== undefined && port !== undefined)
    Object.defineProperties(secure, { remoteAddress: address, remotePort: port })
}

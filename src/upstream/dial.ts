import type net from 'node:net'
import type { Deadlines, Expiring } from '../socket/deadlines.ts'
import { Link, type LinkUser } from '../socket/link.ts'
import { createCachedLookup } from './resolve.ts'
import type { TlsIdentity, UpstreamTls } from './upstream-tls.ts'

export interface DialOptions {
  /** `proxy.dialtimeout`; 0 waits for ever. */
  readonly dialTimeoutMs: number
  /** `proxy.keepalivetimeout`: the period of TCP keep-alive probes; 0 is 15 seconds as in the original, negative is none. */
  readonly keepAliveTimeoutMs: number
}

const DEFAULT_KEEP_ALIVE_MS = 15_000

/** The time to connect was over. Its code is what the system says when it gives up by itself. */
class DialTimeout extends Error {
  readonly code = 'ETIMEDOUT'
}

/** A place to connect to. */
export interface Destination {
  readonly host: string
  readonly port: number
  /** undefined connects in the clear. */
  readonly tls?: TlsIdentity | undefined
  /** A TLS session to take up again. */
  readonly session?: Buffer | undefined
  /** What the other end has to agree on (ALPN, RFC 7301), where it matters. */
  readonly protocol?: 'h2' | undefined
}

/** Makes connections to targets, each within the time limit. */
export class Dialer {
  private readonly lookup = createCachedLookup()
  private readonly options: DialOptions
  private readonly deadlines: Deadlines
  readonly tls: UpstreamTls

  constructor(options: DialOptions, deadlines: Deadlines, tls: UpstreamTls) {
    this.options = options
    this.deadlines = deadlines
    this.tls = tls
  }

  /**
   * Begins to connect. Either `onConnect` is called, or `user.onClose` with the reason; an error's `code` is `ETIMEDOUT` when
   * time ran out. With TLS, connected means that the handshake is done.
   */
  dial(destination: Destination, user: LinkUser, onConnect: () => void): Link {
    const { host, port, tls, session, protocol } = destination
    const limit: Expiring = {
      dueAt: Number.POSITIVE_INFINITY,
      spoke: -1,
      onDeadline: () => link.socket.destroy(new DialTimeout(`no connection to ${host}:${port} in time`)),
    }
    const { dialTimeoutMs, keepAliveTimeoutMs } = this.options
    const options: net.TcpNetConnectOpts = {
      host,
      port,
      lookup: this.lookup,
      keepAlive: keepAliveTimeoutMs >= 0,
      keepAliveInitialDelay: keepAliveTimeoutMs > 0 ? keepAliveTimeoutMs : DEFAULT_KEEP_ALIVE_MS,
    }
    const connected = (): void => {
      this.deadlines.remove(limit)
      onConnect()
    }
    const link =
      tls === undefined
        ? Link.connecting(options, user, connected)
        : Link.connectingSecurely(
            {
              ...options,
              ...this.tls.connectOptions(tls, session),
              ...(protocol === undefined ? {} : { ALPNProtocols: [protocol] }),
            },
            user,
            connected,
          )
    link.socket.once('close', () => this.deadlines.remove(limit))
    if (dialTimeoutMs > 0) this.deadlines.set(limit, dialTimeoutMs)
    return link
  }
}

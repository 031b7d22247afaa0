import type { ListenerSpec } from '../config/listener-spec.ts'
import type { Accepted } from '../listener/listener.ts'
import { TcpConnection, type TcpContext } from '../proxy/tcp/handler.ts'

/** The connections of one TCP listener. */
export class TcpService {
  private readonly spec: ListenerSpec
  private readonly context: TcpContext
  private readonly onClosed: () => void
  private readonly connections = new Set<TcpConnection>()

  constructor(spec: ListenerSpec, context: TcpContext, onClosed: () => void) {
    this.spec = spec
    this.context = context
    this.onClosed = onClosed
  }

  get size(): number {
    return this.connections.size
  }

  get waitedFor(): number {
    return this.connections.size
  }

  /** The route is that of the port; with `tcp-dynamic`, of the address and port first. */
  accept(accepted: Accepted): TcpConnection {
    const port = `:${accepted.listenPort}`
    if (this.spec.proto !== 'tcp-dynamic') return this.connect(accepted, [port])
    // The socket's own address, whatever a PROXY header says: that is a balancer's, and no route is named after it.
    const { localAddress } = accepted.link
    return this.connect(accepted, [`${localAddress.includes(':') ? `[${localAddress}]` : localAddress}${port}`, port])
  }

  /** The route is that of the server name, and what is passed on is not decrypted. */
  acceptNamed(accepted: Accepted, serverName: string): TcpConnection {
    return this.connect(accepted, [serverName])
  }

  /** Is there a route of this server name to targets that want what is not decrypted? */
  leadsToTcp(serverName: string): boolean {
    const route = serverName === '' ? undefined : this.context.table.lookupExact(serverName)
    return route?.targets.some(target => target.isTcp) === true
  }

  /** A connection ended before it could be told where it leads. */
  refused(): void {
    this.context.connections.add(1)
    this.context.connectFailures.add(1)
  }

  private connect(accepted: Accepted, keys: readonly string[]): TcpConnection {
    const connection = new TcpConnection(accepted, this.context, this.spec, () => {
      this.connections.delete(connection)
      this.onClosed()
    })
    this.connections.add(connection)
    // Not before the link has its user: a connection without a route ends at once.
    queueMicrotask(() => connection.start(keys))
    return connection
  }

  drain(): void {
    // Nobody can tell when a TCP connection has done its work: it has until the end of the grace time.
  }

  destroy(): void {
    for (const connection of this.connections) connection.destroy()
  }
}

import type { Log } from '../../log/log.ts'
import type { Counter } from '../../metrics/metrics.ts'
import type { Picker } from '../../route/picker.ts'
import type { Route, RouteTable } from '../../route/table.ts'
import type { Deadlines, Expiring } from '../../socket/deadlines.ts'
import type { Link, LinkUser } from '../../socket/link.ts'
import { Splice } from '../../socket/splice.ts'
import type { Dialer } from '../../upstream/dial.ts'
import { formatProxyHeader, type ProxyAddress } from '../../wire/proxy-protocol.ts'
import type { ServedTarget } from '../served-target.ts'

/** What every TCP connection of a thread is served with. */
export interface TcpContext {
  readonly table: RouteTable<ServedTarget>
  readonly pick: Picker
  readonly dialer: Dialer
  readonly deadlines: Deadlines
  readonly log: Log
  /** How connections find their route: by port, or by server name. For the log. */
  readonly protocol: 'tcp' | 'tcp+sni'
  readonly notFound: Counter
  /** `tcp.conn`, `tcp.connfail`, `tcp.noroute`, or the same of `tcp_sni`. */
  readonly connections: Counter
  readonly connectFailures: Counter
  readonly noRoutes: Counter
}

export interface TcpClient {
  readonly link: Link
  readonly client: ProxyAddress
  /** As announced by a PROXY header; undefined leaves it to the socket. */
  readonly announcedServer: ProxyAddress | undefined
}

export interface TcpLimits {
  /** `rt`: how long the client may be silent; 0 is no limit. */
  readonly readTimeoutMs: number
  /** `wt`: how long the client may take what is sent to it. */
  readonly writeTimeoutMs: number
}

/** Targets tried for one connection. */
const MAX_TARGETS = 3
/** How long one direction may stay open and silent after the other has ended. */
const HALF_OPEN_MS = 300_000
/** What is read of a client before there is an upstream to pass it to. */
const MAX_EARLY_BYTES = 65_536
/** How long a client that is refused has to hear of it: closing on bytes it still sends would reset the connection. */
const LINGER_MS = 1000

/** One TCP connection from its acceptance on: a target is found by `key`, connected to, and the two are joined. */
export class TcpConnection implements LinkUser, Expiring {
  dueAt = Number.POSITIVE_INFINITY
  spoke = -1
  private readonly context: TcpContext
  private readonly limits: TcpLimits
  private readonly accepted: TcpClient
  private readonly onGone: () => void
  private early: Buffer | undefined
  private hasEnded = false
  private upstream: Link | undefined
  private splice: Splice | undefined
  private isOver = false
  private isRefused = false

  constructor(accepted: TcpClient, context: TcpContext, limits: TcpLimits, onGone: () => void) {
    this.accepted = accepted
    this.context = context
    this.limits = limits
    this.onGone = onGone
  }

  /** `keys` are tried in order (`:3306`, `foo.com`). */
  start(keys: readonly string[]): void {
    const { context } = this
    context.connections.add(1)
    const route = this.findRoute(keys)
    if (route === undefined) return
    const target = context.pick(route)
    const rules = target.options.accessRules
    if (rules !== undefined && !rules.allows(this.accepted.client.address)) {
      context.log.info(`route rules denied access from ${this.accepted.client.address} to ${target.url}`)
      return this.refuse()
    }
    this.dial(route, target, [target])
  }

  destroy(): void {
    if (this.splice !== undefined) return this.splice.destroy()
    this.accepted.link.destroy()
    this.upstream?.destroy()
  }

  onBytes(bytes: Buffer, length: number): void {
    if (this.isRefused) return
    const piece = bytes.subarray(0, length)
    this.early = this.early === undefined ? Buffer.from(piece) : Buffer.concat([this.early, piece])
    if (this.early.length >= MAX_EARLY_BYTES) this.accepted.link.pause()
  }

  onEnd(): void {
    if (this.isRefused) return this.accepted.link.destroy()
    // What was sent before is passed on all the same, and so is this.
    this.hasEnded = true
  }

  onDrain(): void {}

  onClose(): void {
    this.context.deadlines.remove(this)
    this.upstream?.destroy()
    this.over()
  }

  onDeadline(): void {
    this.accepted.link.destroy()
  }

  private refuse(): void {
    const { link } = this.accepted
    this.early = undefined
    link.finish()
    if (this.hasEnded) return link.destroy()
    this.isRefused = true
    link.resume()
    this.context.deadlines.set(this, LINGER_MS)
  }

  private findRoute(keys: readonly string[]): Route<ServedTarget> | undefined {
    const { context } = this
    for (const key of keys) {
      const route = context.table.lookupExact(key)
      if (route !== undefined) return route
    }
    context.notFound.add(1)
    context.noRoutes.add(1)
    context.log.warn(keys.length === 1 ? `No route for ${keys[0]}` : `No route for any hosts: [${keys.join(' ')}]`)
    this.refuse()
    return undefined
  }

  private dial(route: Route<ServedTarget>, target: ServedTarget, tried: readonly ServedTarget[]): void {
    const { context } = this
    if (target.port === 0) return this.connectFailed(route, target, tried, 'target has no port')
    let isConnected = false
    const upstream = context.dialer.dial(
      { host: target.hostname, port: target.port },
      {
        onBytes: () => {},
        onEnd: () => {},
        onDrain: () => {},
        onClose: error => {
          if (!isConnected && !this.isOver)
            this.connectFailed(route, target, tried, error?.message ?? 'connection closed')
        },
      },
      () => {
        isConnected = true
        if (this.isOver) return upstream.destroy()
        this.join(upstream, target)
      },
    )
    this.upstream = upstream
  }

  private connectFailed(
    route: Route<ServedTarget>,
    target: ServedTarget,
    tried: readonly ServedTarget[],
    cause: string,
  ): void {
    const { context } = this
    context.connectFailures.add(1)
    context.log.warn(`${context.protocol}: cannot connect to upstream ${target.authority}: ${cause}`)
    const next = tried.length < MAX_TARGETS ? route.targets.find(other => !tried.includes(other)) : undefined
    if (next === undefined) return this.refuse()
    this.dial(route, next, [...tried, next])
  }

  private join(upstream: Link, target: ServedTarget): void {
    const { accepted, context, limits } = this
    const { link, client, announcedServer } = accepted
    // In one packet with what the client has sent so far: some servers read the line and what follows in one go.
    upstream.hold()
    const { proxyVersion } = target.options
    if (proxyVersion !== undefined) {
      const server = announcedServer ?? { address: link.localAddress, port: link.localPort }
      upstream.write(formatProxyHeader(proxyVersion, client, server))
    }
    this.splice = new Splice(link, upstream, {
      deadlines: context.deadlines,
      halfOpenMs: HALF_OPEN_MS,
      ...limits,
      onBytesUp: count => target.sent.add(count),
      onBytesDown: count => target.received.add(count),
      onDone: () => this.over(),
    })
    const { early } = this
    this.early = undefined
    this.splice.start(early, undefined)
    upstream.release()
    if (this.hasEnded) link.user.onEnd()
  }

  private over(): void {
    if (this.isOver) return
    this.isOver = true
    this.onGone()
  }
}

import type { ListenerSpec } from '../config/listener-spec.ts'
import type { Log } from '../log/log.ts'
import type { Route } from '../route/table.ts'

export interface DynamicPortsOptions {
  /** A listener with `proto=tcp-dynamic`: what listeners of its ports are like. Nothing listens on its own address. */
  readonly spec: ListenerSpec
  readonly log: Log
  routes(): Iterable<Route>
  /** Is the port free? Rejects when it is not. */
  probe(port: number): Promise<unknown>
  open(port: number): void
  close(port: number): void
}

/** `tcp-dynamic`: opens the ports that TCP routes are named after, and closes those whose routes have gone. */
export class DynamicPorts implements Disposable {
  private readonly options: DynamicPortsOptions
  private readonly opened = new Set<number>()
  private readonly timer: NodeJS.Timeout
  private isLooking = false

  constructor(options: DynamicPortsOptions) {
    this.options = options
    this.timer = setInterval(() => void this.look(), options.spec.refreshMs)
    void this.look()
  }

  get ports(): Iterable<number> {
    return this.opened
  }

  [Symbol.dispose](): void {
    clearInterval(this.timer)
  }

  private async look(): Promise<void> {
    // A slow look is not overtaken by the next.
    if (this.isLooking) return
    this.isLooking = true
    const wanted = wantedPorts(this.options.routes(), this.options.spec.ports)
    for (const port of this.opened) if (!wanted.has(port)) this.close(port)
    for (const port of wanted) if (!this.opened.has(port)) await this.open(port)
    this.isLooking = false
  }

  private async open(port: number): Promise<void> {
    const { log, probe, open } = this.options
    try {
      await probe(port)
    } catch {
      return log.debug(`Dynamic TCP port :${port} in use`)
    }
    log.info(`Starting dynamic TCP listener on port :${port} `)
    this.opened.add(port)
    open(port)
  }

  private close(port: number): void {
    this.opened.delete(port)
    this.options.close(port)
    this.options.log.info(`Dynamic TCP listener on :${port} has been terminated`)
  }
}

/** Of `:1234`, `10.1.2.3:1234`, `[::1]:1234`, whose targets are all of TCP. */
export function wantedPorts(
  routes: Iterable<Route>,
  range: { readonly from: number; readonly to: number },
): ReadonlySet<number> {
  const isTcp = new Map<string, boolean>()
  for (const { host, targets } of routes) {
    if (!host.includes(':')) continue
    isTcp.set(host, (isTcp.get(host) ?? true) && targets.every(({ scheme }) => scheme === 'tcp'))
  }
  const ports = new Set<number>()
  for (const [host, isWanted] of isTcp) {
    const port = Number(/^(?:\[[^\]]*\]|[^:]*):([0-9]{1,5})$/.exec(host)?.[1] ?? 0)
    if (isWanted && port >= Math.max(range.from, 1) && port <= range.to) ports.add(port)
  }
  return ports
}

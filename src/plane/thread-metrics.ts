import { EventLoopDelay } from '../metrics/event-loop-delay.ts'
import type { Gauge, Metrics } from '../metrics/metrics.ts'

/** What a worker knows of its sockets. */
export interface ConnectionCounts {
  readonly clients: number
  readonly upstream: { readonly open: number; readonly idle: number }
}

/** How one worker thread fares, measured when its counts are sent. */
export class ThreadMetrics {
  private readonly delay: EventLoopDelay
  private readonly clients: Gauge
  private readonly idle: Gauge
  private readonly busy: Gauge

  constructor(metrics: Metrics, index: number) {
    const thread = String(index)
    this.delay = new EventLoopDelay(metrics, thread)
    this.clients = metrics.gauge('fabio.client_connections', [['thread', thread]])
    const upstream = (state: string): Gauge =>
      metrics.gauge('fabio.upstream_connections', [
        ['thread', thread],
        ['state', state],
      ])
    this.idle = upstream('idle')
    this.busy = upstream('busy')
  }

  collect({ clients, upstream }: ConnectionCounts): void {
    this.delay.collect()
    this.clients.set(clients)
    this.idle.set(upstream.idle)
    this.busy.set(upstream.open - upstream.idle)
  }
}

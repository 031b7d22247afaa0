import type { Authenticator } from '../../auth/authenticator.ts'
import type { Log } from '../../log/log.ts'
import type { Counter, Histogram, Metrics } from '../../metrics/metrics.ts'
import type { Picker } from '../../route/picker.ts'
import type { RouteTable } from '../../route/table.ts'
import type { Deadlines } from '../../socket/deadlines.ts'
import type { ServedTarget } from '../served-target.ts'
import { statusName } from './status.ts'

/** What every gRPC call of a thread is served with. */
export interface GrpcContext {
  readonly table: RouteTable<ServedTarget>
  readonly pick: Picker
  readonly deadlines: Deadlines
  readonly log: Log
  readonly authenticator: Authenticator
  /** `proxy.grpcmaxrxmsgsize`: most bytes of a message that we receive, from either side. */
  readonly maxReceivedBytes: number
  /** `proxy.grpcmaxtxmsgsize`: most bytes of a message that we send to a client. */
  readonly maxSentBytes: number
  readonly metrics: GrpcMetrics
}

/** Names are Fabio's, `grep.status` included: it is misspelt in every release, and dashboards know it by that name. */
export class GrpcMetrics {
  readonly connections: Counter
  readonly noRoutes: Counter
  private readonly requests: Histogram
  private readonly metrics: Metrics
  private readonly statuses = new Map<string, Histogram>()

  constructor(metrics: Metrics) {
    this.metrics = metrics
    this.connections = metrics.counter('grpc.conn')
    this.noRoutes = metrics.counter('grpc.noroute')
    this.requests = metrics.histogram('grpc.requests')
  }

  /** A call is over, well or not. */
  ended(code: number, seconds: number): void {
    this.requests.observe(seconds)
    const name = statusName(code)
    let status = this.statuses.get(name)
    if (status === undefined) {
      status = this.metrics.histogram('grep.status', [['code', name]])
      this.statuses.set(name, status)
    }
    status.observe(seconds)
  }
}

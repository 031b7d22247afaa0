import type { Authenticator } from '../../auth/authenticator.ts'
import type { Log } from '../../log/log.ts'
import type { Counter, Gauge } from '../../metrics/metrics.ts'
import type { Picker } from '../../route/picker.ts'
import type { RouteTable } from '../../route/table.ts'
import type { Deadlines } from '../../socket/deadlines.ts'
import type { BodyKind } from '../../wire/http1-body.ts'
import type { Http1Head } from '../../wire/http1-head.ts'
import type { ServedTarget } from '../served-target.ts'
import type { Exchange } from './exchange.ts'
import type { RequestHeadWriter } from './request-head.ts'
import type { ResponseAdditions } from './response-head.ts'

/** The body of the no-route answer, with its type; '' for none. */
export interface NoRoutePage {
  readonly body: string
  readonly lines: string
}

/** What every HTTP request of a thread is served with. */
export interface HttpContext {
  readonly table: RouteTable<ServedTarget>
  readonly pick: Picker
  readonly deadlines: Deadlines
  readonly log: Log
  readonly requestHeads: RequestHeadWriter
  readonly noRouteStatus: number
  readonly noRoutePage: NoRoutePage
  readonly authenticator: Authenticator
  /** `proxy.header.requestid` is set: every request gets an id. */
  readonly givesRequestIds: boolean
  /** How long an upstream may take to answer an upgrade, in milliseconds; 0 is no limit. */
  readonly upgradeTimeoutMs: number
  readonly notFound: Counter
  readonly webSockets: Gauge
  redirected(status: number): Counter
  /** What is added to an upstream's answer: STS, `Vary`, the marks of compression. */
  additions(exchange: Exchange, head: Http1Head, bodyKind: BodyKind): ResponseAdditions
  /** The lines that answers of ours in an upstream's place carry as well. */
  errorLines(exchange: Exchange): string
}

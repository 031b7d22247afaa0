import type { Config } from '../config/config.ts'
import { createRequestHeads } from '../proxy/http/request-head.ts'
import type { InstanceReport } from '../registry/instance-report.ts'
import type { Problem, RouteFeed } from '../registry/route-feed.ts'
import { DOWN_SCHEME } from '../route/known-down.ts'
import type { RouteTable } from '../route/table.ts'
import type { Target } from '../route/target.ts'
import { type ExplainedRouter, explainRequest } from './explain-request.ts'
import { explainService } from './explain-service.ts'
import type { AskedRequest, Explanation, ServiceExplanation } from './explanation.ts'

export interface ExplainerParts {
  readonly config: Config
  readonly table: RouteTable
  readonly feed: RouteFeed
  readonly problems: () => readonly Problem[]
  /** Undefined where the registry knows of no instances. */
  readonly instances: ((service: string) => readonly InstanceReport[]) | undefined
}

/** Says why a request goes where it goes, and why a service is routed or not. */
export class Explainer {
  readonly #parts: ExplainerParts
  readonly #requestHeads: ExplainedRouter['requestHeads']

  constructor(parts: ExplainerParts) {
    this.#parts = parts
    this.#requestHeads = createRequestHeads(parts.config.proxy)
  }

  request(asked: AskedRequest): Explanation {
    const { proxy } = this.#parts.config
    return explainRequest(
      {
        table: this.#parts.table,
        matcher: proxy.matcher,
        requestHeads: this.#requestHeads,
        maxHeaders: proxy.limit.headerCount,
        noRouteStatus: proxy.noRouteStatus,
        healthOf: (target, route) => this.#healthOf(target, route),
      },
      asked,
    )
  }

  service(name: string): ServiceExplanation {
    const { feed, table, problems, instances } = this.#parts
    return explainService({ feed, table, problems: problems(), instances: instances?.(name) }, name)
  }

  /** Instances are in the table only while their checks let them. */
  #healthOf(target: Target, route: { readonly host: string; readonly path: string }): string {
    if (target.scheme === DOWN_SCHEME) return 'no instance is healthy'
    for (const { add, definition } of this.#parts.feed.serviceRoutes()) {
      if (add === undefined || add.host !== route.host || add.path !== route.path) continue
      if (add.target.service !== target.service || add.target.dst !== target.url) continue
      const { origin } = definition
      if (origin.kind === 'service') return `passing: instance ${origin.instance} on node ${origin.node}`
    }
    return 'not checked: defined by a command'
  }
}

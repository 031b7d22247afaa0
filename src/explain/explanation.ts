// What an explanation says: plain data, for the API, the page and the command line alike.

import type { InstanceReport } from '../registry/instance-report.ts'
import type { OptionPairs } from '../route/command.ts'
import type { HostCandidate } from '../route/lookup-trace.ts'

/** A request as somebody asks about it. */
export interface AskedRequest {
  /** `http://host/path?query`, `https://…`, `host/path`, `/path`, or `tcp://:3306` for a TCP port. */
  readonly url: string
  readonly method: string
  /** `Name: value`, in their order. A Host header counts instead of the host of the URL. */
  readonly headers: readonly string[]
  /** The client's address. */
  readonly client: string
}

export interface Explanation {
  readonly request: {
    readonly method: string
    readonly host: string
    /** Decoded and normalised, as routes are matched with it. */
    readonly path: string
    readonly query: string
    readonly isTls: boolean
    readonly client: string
  }
  /** One sentence. */
  readonly outcome: string
  /** Of an answer that no upstream has part in; 0 where an upstream gives it. */
  readonly status: number
  readonly hosts: readonly HostCandidate[]
  /** Undefined: no route. */
  readonly route: ExplainedRoute | undefined
}

export interface ExplainedRoute {
  readonly host: string
  readonly path: string
  /** Routes that come first but whose redirect would lead back to the request. */
  readonly skipped: readonly string[]
  readonly targets: readonly ExplainedTarget[]
}

export interface ExplainedTarget {
  readonly service: string
  readonly dst: string
  /** The share of the requests, 0 to 1. */
  readonly weight: number
  readonly tags: readonly string[]
  readonly options: OptionPairs
  /** What is known of its health, for a person. */
  readonly health: string
  /** `allow=`, `deny=`; undefined where everybody may. */
  readonly access: { readonly rules: string; readonly allows: boolean } | undefined
  /** The name of the auth scheme; '' for none. */
  readonly auth: string
  readonly redirect: { readonly status: number; readonly location: string } | undefined
  /** The head of the request as the target would get it, line by line; empty where it gets none. */
  readonly sent: readonly string[]
  /** Why it gets none, or what else there is to say. */
  readonly note: string
}

export interface ServiceExplanation {
  readonly service: string
  /** One sentence. */
  readonly outcome: string
  readonly instances: readonly ExplainedInstance[]
  /** What lines of texts (KV keys, files, options) define for it. */
  readonly lines: readonly ExplainedDefinition[]
}

export interface ExplainedInstance extends InstanceReport {
  /** A route tag each; empty while it is out. */
  readonly definitions: readonly ExplainedDefinition[]
}

/** A tag or a line that defines a route, or was meant to. */
export interface ExplainedDefinition {
  /** The tag, or `fabio/config line 3`. */
  readonly place: string
  readonly text: string
  /** `h.test/path`; '' for what defines none. */
  readonly route: string
  readonly dst: string
  /** The share of the requests of the route, 0 to 1. */
  readonly weight: number
  readonly state: 'routed' | 'rejected' | 'removed' | 'no share'
  /** Why it is so, and since when it is wrong. */
  readonly note: string
  /** From 1, where a rejected text is wrong; 0 otherwise. */
  readonly column: number
}

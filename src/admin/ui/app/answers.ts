// What the server's API answers with, as far as the pages read it.

/** One element of `/api/routes`. */
export interface ApiRoute {
  readonly service: string
  readonly host: string
  readonly path: string
  readonly src: string
  readonly dst: string
  readonly opts: string
  readonly tags?: readonly string[]
  readonly weight: number
}

/** What `/api/config?origin` says about one option. */
export interface ApiOption {
  readonly value: string
  readonly origin: 'default' | 'flag' | 'env' | 'file'
  /** The line of the file, the name of the variable and so on. */
  readonly place: string
}

export interface Override {
  readonly value: string
  readonly version: string
}

/** What is wrong with a line of route commands. */
export interface Rejection {
  readonly line: number
  readonly column: number
  readonly text: string
  readonly reason: string
  readonly expected: string
}

export interface Problem {
  readonly origin:
    | {
        readonly kind: 'service'
        readonly service: string
        readonly instance: string
        readonly node: string
        readonly tag: string
      }
    | { readonly kind: 'text'; readonly source: string; readonly line: number }
    | {
        readonly kind: 'route'
        readonly host: string
        readonly path: string
        readonly services: readonly string[]
      }
  readonly text: string
  readonly column: number
  readonly reason: string
  readonly expected: string
  readonly since: number
}

/** One element of `/api/certs`. */
export interface CertificateSource {
  readonly source: string
  /** As in `proxy.cs`. */
  readonly type: string
  readonly certificates: readonly Certificate[]
  /** How many authorities client certificates may be of; null asks for none. */
  readonly clientAuthorities: number | null
  readonly problems: readonly { readonly name: string; readonly reason: string }[]
  /** Why nothing newer could be had, or null. */
  readonly error: string | null
}

export interface Certificate {
  readonly name: string
  readonly serverNames: readonly string[]
  readonly issuer: string
  readonly serial: string
  readonly fingerprint256: string
  readonly notBefore: string
  readonly notAfter: string
}

export interface ServerStatus {
  readonly registry: {
    readonly backend: string
    readonly state: 'connecting' | 'connected' | 'stale'
    readonly since: number
    readonly reason?: string
    /** What is served is as it was written down then, in epoch milliseconds. */
    readonly snapshot?: { readonly writtenAt: number }
    /** Routes that stay although the registry says that they are gone; `until` is the earliest end. */
    readonly held?: {
      readonly since: number
      readonly until: number
      readonly instances: number
      readonly routes: number
    }
  }
  /** `count`: definitions with a mistake; `conflicts`: routes whose definitions get in the way of each other. */
  readonly problems: { readonly count: number; readonly conflicts: number; readonly newest: number }
  /** Another number when `/api/certs` has changed. */
  readonly certificates: number
}

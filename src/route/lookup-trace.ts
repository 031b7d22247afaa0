/** Is told what a lookup does, for people who want to know why. A lookup for a request has none. */
export interface LookupTrace<R> {
  /** A host key was compared with the host of the request. */
  tried(host: TriedHost<R>): void
}

export interface TriedHost<R> {
  readonly key: string
  /** Whether the key fits the host. */
  readonly fits: boolean
  /** Why it does not, or what the comparison was about where that needs saying. */
  readonly note: string
  /** The route of this host for the path of the request. */
  readonly route: R | undefined
}

/** A host key that was looked at, and what became of it. */
export interface HostCandidate {
  /** `''`: the routes for any host. */
  readonly key: string
  readonly fits: boolean
  readonly note: string
  /** `wins`; `later`: it would do, but another one comes before; `no path`: none of its paths fits; `no`: it does not fit. */
  readonly outcome: 'wins' | 'later' | 'no path' | 'no'
  /** In the order they are tried: those that fit, and some of the others. */
  readonly paths: readonly PathCandidate[]
  /** How many paths are not listed. */
  readonly unlisted: number
}

export interface PathCandidate {
  readonly path: string
  readonly fits: boolean
  readonly wins: boolean
}

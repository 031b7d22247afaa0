import type { RegistryStatus } from './registry/registry.ts'

export interface ReadinessOptions {
  readonly registryStatus: () => RegistryStatus
  /** `registry.stale.limit`; 0 for none. */
  readonly staleLimitMs: number
}

export interface ReadinessAnswer {
  readonly isReady: boolean
  /** One line for people; more may follow it. */
  readonly text: string
}

/** Should this router get traffic? What `/ready` says, where `/health` only says that the process is there. */
export class Readiness implements Disposable {
  readonly #options: ReadinessOptions
  #state: 'starting' | 'listening' | 'draining' = 'starting'
  #hasTable = false

  constructor(options: ReadinessOptions) {
    this.#options = options
  }

  /** The first table is served. */
  tableComplete(): void {
    this.#hasTable = true
  }

  listening(): void {
    this.#state = 'listening'
  }

  /** From the moment the process is told to stop. */
  [Symbol.dispose](): void {
    this.#state = 'draining'
  }

  /** `now` in milliseconds since 1970. */
  check(now: number): ReadinessAnswer {
    const { registryStatus, staleLimitMs } = this.#options
    const status = registryStatus()
    const reason = status.reason === undefined ? '' : `: ${status.reason}`
    if (this.#state === 'draining') return { isReady: false, text: 'draining' }
    if (!this.#hasTable || knowsNothing(status)) return { isReady: false, text: `no routing table yet${reason}` }
    if (this.#state === 'starting') return { isReady: false, text: 'starting' }
    if (status.state !== 'stale') return { isReady: true, text: describeHeld(status) }
    const asOf = lastKnownAt(status)
    const age = `routes are as of ${new Date(asOf).toISOString()}${reason}`
    if (staleLimitMs > 0 && now - asOf > staleLimitMs) return { isReady: false, text: `too stale: ${age}` }
    return { isReady: true, text: `OK\nstale: ${age}` }
  }
}

/** A backend that said nothing yet, so that the table that is served is only the absence of one. */
function knowsNothing({ sources, snapshot }: RegistryStatus): boolean {
  return snapshot === undefined && sources.every(({ lastContact }) => lastContact === undefined)
}

/** When what is served was last known to be so, in milliseconds since 1970: by the source that was silent for longest. */
export function lastKnownAt({ sources, snapshot, since }: RegistryStatus): number {
  if (snapshot !== undefined) return snapshot.writtenAt
  const lost = sources.filter(({ error }) => error !== undefined)
  const contacts = (lost.length > 0 ? lost : sources).map(({ lastContact }) => lastContact ?? since)
  return Math.min(Date.now(), ...contacts)
}

function describeHeld({ held }: RegistryStatus): string {
  return held === undefined ? 'OK' : `OK\nheld: the withdrawal of ${held.routes} routes waits to be confirmed`
}

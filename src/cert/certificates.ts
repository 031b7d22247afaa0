import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CertSourceSpec } from '../config/cert-source-spec.ts'
import type { Log } from '../log/log.ts'
import type { SourceFacts } from './certificate-collection.ts'
import type { CertificateSet } from './certificate-set.ts'
import { CertificateSource } from './certificate-source.ts'
import type { Environment } from './vault-client.ts'

/** Who is told when certificates change. */
export interface CertificateListener {
  certificates(source: string, set: CertificateSet): void
  ticketKey(key: Uint8Array): void
}

const TICKET_KEY_BYTES = 32
/** As long as a ticket is good for. One that was given before the key changed costs its client a whole handshake. */
const TICKET_ROTATION_MS = 12 * 3_600_000
const WARN_MS = 24 * 3_600_000
/** Listeners open without the certificates of a server that takes longer than this to answer first. */
const PATIENCE_MS = 5000

/** The certificates of all sources that a listener refers to, as they are now; and the secret of session tickets. */
export class Certificates implements AsyncDisposable {
  private readonly sources = new Map<string, CertificateSource>()
  private readonly sets = new Map<string, CertificateSet>()
  private readonly listeners: CertificateListener[] = []
  private readonly timers: readonly NodeJS.Timeout[]
  private key = randomBytes(TICKET_KEY_BYTES)

  constructor() {
    this.timers = [setInterval(() => this.rotate(), TICKET_ROTATION_MS), setInterval(() => this.warn(), WARN_MS)]
    for (const timer of this.timers) timer.unref()
  }

  /** @throws Error when the source cannot be one, or its file cannot be used */
  async follow(spec: CertSourceSpec, { log, env }: { readonly log: Log; readonly env: Environment }): Promise<void> {
    const source = new CertificateSource(spec, { log, env, publish: set => this.publish(spec.name, set) })
    this.sources.set(spec.name, source)
    const patience = new AbortController()
    const late = sleep(PATIENCE_MS, undefined, { signal: patience.signal }).catch(() => {
      // Only ever aborted below.
    })
    try {
      await Promise.race([source.start(), late])
    } finally {
      patience.abort()
    }
  }

  /** Tells `listener` what there is, and from now on what changes. */
  subscribe(listener: CertificateListener): void {
    this.tell(listener)
    this.listeners.push(listener)
  }

  /** Tells all there is. */
  tell(listener: CertificateListener): void {
    listener.ticketKey(this.key)
    for (const [source, set] of this.sets) listener.certificates(source, set)
  }

  /** Has a certificate made for this name, where the source can. Resolves with whether there is one, and never rejects. */
  async issue(source: string, serverName: string): Promise<boolean> {
    return (await this.sources.get(source)?.issuer?.issue(serverName)) ?? false
  }

  /** Does a listener have TLS? */
  get hasSources(): boolean {
    return this.sources.size > 0
  }

  /** Another number with every change of `facts`. */
  get version(): number {
    let version = 0
    for (const { collection } of this.sources.values()) version += collection.version
    return version
  }

  /** For operators. */
  facts(): readonly SourceFacts[] {
    return Array.from(this.sources.values(), ({ collection }) => collection.facts())
  }

  expiries(): readonly { readonly source: string; readonly name: string; readonly at: number }[] {
    return [...this.sources].flatMap(([source, { collection }]) =>
      collection.expiries().map(({ name, at }) => ({ source, name, at })),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.timers) clearInterval(timer)
    await Promise.all(Array.from(this.sources.values(), source => source[Symbol.asyncDispose]()))
  }

  private publish(source: string, set: CertificateSet): void {
    this.sets.set(source, set)
    for (const listener of this.listeners) listener.certificates(source, set)
  }

  private rotate(): void {
    this.key = randomBytes(TICKET_KEY_BYTES)
    for (const listener of this.listeners) listener.ticketKey(this.key)
  }

  private warn(): void {
    for (const { collection } of this.sources.values()) collection.warnOfExpiry()
  }
}

/**
 * Follows the certificates of `sources`. Resolves when each has been tried once, or has had time enough for that.
 * @throws Error in Fabio's words, when a source cannot be one
 */
export async function startCertificates(
  sources: readonly CertSourceSpec[],
  surroundings: { readonly log: Log; readonly env: Environment },
): Promise<Certificates> {
  const certificates = new Certificates()
  try {
    await Promise.all(sources.map(spec => certificates.follow(spec, surroundings)))
    return certificates
  } catch (cause) {
    await certificates[Symbol.asyncDispose]()
    throw cause
  }
}

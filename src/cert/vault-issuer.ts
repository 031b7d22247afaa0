import type { CertSourceSpec } from '../config/cert-source-spec.ts'
import type { Log } from '../log/log.ts'
import type { CertificateCollection } from './certificate-collection.ts'
import { parsePair, reasonOf } from './parse-pair.ts'
import type { VaultClient } from './vault-client.ts'

/** A name that Vault refused is not asked for again before this, however many clients want it. */
const REFUSED_MS = 30_000
const MAX_REFUSED = 10_000
const MIN_MARGIN_MS = 3_600_000
const MIN_LIFE_MS = 60_000
const RETRY_MS = 30_000
/** The longest a timer can be. */
const MAX_TIMER_MS = 2_147_483_647

/** `type=vault-pki`: certificates that Vault makes when a client first asks for their name, and again before they end. */
export class VaultIssuer implements Disposable {
  private readonly client: VaultClient
  private readonly spec: CertSourceSpec
  private readonly collection: CertificateCollection
  private readonly log: Log
  private readonly stopped = new AbortController()
  private readonly underWay = new Map<string, Promise<boolean>>()
  private readonly refusedUntil = new Map<string, number>()
  private readonly timers = new Map<string, NodeJS.Timeout>()

  constructor(client: VaultClient, spec: CertSourceSpec, collection: CertificateCollection, log: Log) {
    this.client = client
    this.spec = spec
    this.collection = collection
    this.log = log
  }

  /** Resolves with whether there is a certificate now; one call to Vault for all who ask for the same name. Never rejects. */
  issue(serverName: string): Promise<boolean> {
    const name = serverName.toLowerCase().replace(/\.+$/, '')
    const known = this.underWay.get(name)
    if (known !== undefined) return known
    if (name === '' || (this.refusedUntil.get(name) ?? 0) > Date.now()) return Promise.resolve(false)
    const asking = this.ask(name).finally(() => this.underWay.delete(name))
    this.underWay.set(name, asking)
    return asking
  }

  [Symbol.dispose](): void {
    this.stopped.abort()
    for (const timer of this.timers.values()) clearTimeout(timer)
  }

  private async ask(name: string): Promise<boolean> {
    try {
      const path = this.spec.certPath.replace(/^\/+|\/+$/g, '')
      const body = { common_name: name }
      const answer = await this.client.ask('PUT', path, { signal: this.stopped.signal, body })
      const { certificate, private_key: key, ca_chain: chain, serial_number: serial } = answer ?? {}
      if (typeof certificate !== 'string' || typeof key !== 'string')
        throw new Error(`vault: ${path} gave no certificate`)
      const whole = [certificate, ...(Array.isArray(chain) ? chain.map(String) : [])].join('\n')
      const parsed = parsePair(name, whole, key)
      // The name asked for is the one it is found by, whatever else it is for.
      const serverNames = [...new Set([name, ...parsed.pair.serverNames])]
      this.collection.add({ ...parsed, pair: { ...parsed.pair, serverNames } })
      this.log.info(`cert: vault: issued cert for ${name}; serial = ${String(serial).replaceAll(':', '-')}`)
      this.refusedUntil.delete(name)
      this.renewLater(name, parsed.leaf.validToDate.getTime() - Date.now())
      return true
    } catch (cause) {
      if (this.stopped.signal.aborted) return false
      this.log.warn(`cert: vault: cannot issue a certificate for ${name}: ${reasonOf(cause)}`)
      if (this.refusedUntil.size >= MAX_REFUSED) this.refusedUntil.clear()
      this.refusedUntil.set(name, Date.now() + REFUSED_MS)
      // One that is in use is asked for until there is another.
      if (this.timers.has(name)) this.wake(name, RETRY_MS)
      return false
    }
  }

  /** As in the original an hour, or `refresh`, before the end; one that does not live for so long, after two thirds of its time. */
  private renewLater(name: string, lifeMs: number): void {
    const margin = Math.max(this.spec.refreshMs, MIN_MARGIN_MS)
    this.wake(name, Math.max(lifeMs > margin * 1.5 ? lifeMs - margin : (lifeMs * 2) / 3, MIN_LIFE_MS))
  }

  private wake(name: string, ms: number): void {
    clearTimeout(this.timers.get(name))
    const again = (): void => {
      this.refusedUntil.delete(name)
      void this.issue(name)
    }
    const timer = setTimeout(again, Math.min(ms, MAX_TIMER_MS))
    timer.unref()
    this.timers.set(name, timer)
  }
}

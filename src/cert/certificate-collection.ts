import { X509Certificate } from 'node:crypto'
import type { CertSourceSpec } from '../config/cert-source-spec.ts'
import type { Log } from '../log/log.ts'
import type { CertificateSet } from './certificate-set.ts'
import { areSameTexts, type CertificateProblem, pairUp, type Texts, type UnparsedPair } from './pair-up.ts'
import { commonNames, type ParsedPair, parseCertificates, parsePair, reasonOf } from './parse-pair.ts'

/** A certificate as operators see it. */
export interface CertificateFacts {
  readonly name: string
  readonly serverNames: readonly string[]
  readonly issuer: string
  readonly serial: string
  readonly fingerprint256: string
  readonly notBefore: string
  readonly notAfter: string
}

/** What a source has, and what of it does not count. */
export interface SourceFacts {
  readonly source: string
  readonly type: CertSourceSpec['type']
  readonly certificates: readonly CertificateFacts[]
  /** How many authorities client certificates may be of; null asks for none. */
  readonly clientAuthorities: number | null
  readonly problems: readonly CertificateProblem[]
  /** Why nothing newer could be had, or null. */
  readonly error: string | null
}

const WARN_DAYS = 14
const DAY_MS = 86_400_000

/** The certificates of one source: takes texts, keeps what is good, and says what is not. */
export class CertificateCollection {
  private readonly spec: CertSourceSpec
  private readonly log: Log
  private readonly publish: (set: CertificateSet) => void
  private texts: Texts | undefined
  private authorityTexts: Texts | undefined
  private parsed: readonly ParsedPair[] = []
  private authorities: readonly string[] | undefined
  private upgraded: readonly string[] = []
  private problems: readonly CertificateProblem[] = []
  private authorityProblems: readonly CertificateProblem[] = []
  private error: string | undefined
  private changes = 0

  constructor(spec: CertSourceSpec, { log, publish }: { log: Log; publish: (set: CertificateSet) => void }) {
    this.spec = spec
    this.log = log
    this.publish = publish
    // Asked for, and nobody is known yet: nobody gets in.
    this.authorities = spec.clientCaPath === '' ? undefined : []
  }

  /** Grows with every change of `facts`. */
  get version(): number {
    return this.changes
  }

  /** What there is now. Texts that are those of the last time change nothing. */
  take(texts: Texts): void {
    if (areSameTexts(this.texts, texts)) return
    this.texts = texts
    const { pairs, problems } = pairUp(texts)
    this.takePairs(pairs, problems)
  }

  /** `type=file`: one pair, from one text or two. */
  takeFile(pair: UnparsedPair): void {
    const texts = new Map([
      ['cert', pair.cert],
      ['key', pair.key],
    ])
    if (areSameTexts(this.texts, texts)) return
    this.texts = texts
    this.takePairs([pair])
  }

  private takePairs(pairs: readonly UnparsedPair[], problems: readonly CertificateProblem[] = []): void {
    const found: CertificateProblem[] = [...problems]
    const good: ParsedPair[] = []
    for (const { name, cert, key } of pairs) {
      try {
        good.push(parsePair(name, cert, key))
      } catch (cause) {
        found.push({ name, reason: reasonOf(cause) })
      }
    }
    // What was good and has become bad is served as it was; what is gone is gone.
    for (const { name } of found) {
      const last = this.parsed.find(({ pair }) => pair.name === name)
      if (last !== undefined && !good.some(({ pair }) => pair.name === name)) good.push(last)
    }
    good.sort((a, b) => (a.pair.name < b.pair.name ? -1 : 1))
    this.problems = found
    this.changes++
    for (const { name, reason } of found) this.log.error(`cert: Cannot make certificates: ${name}: ${reason}`)
    if (good.length === 0 && this.parsed.length > 0) {
      this.log.error(`cert: ${this.spec.name} has no certificate any more; those from before stay`)
      return
    }
    this.replace(good)
  }

  /** Adds a certificate, or replaces the one of that name. */
  add(pair: ParsedPair): void {
    this.replace([...this.parsed.filter(other => other.pair.name !== pair.pair.name), pair])
  }

  takeAuthorities(texts: Texts): void {
    if (areSameTexts(this.authorityTexts, texts)) return
    this.authorityTexts = texts
    const problems: CertificateProblem[] = []
    const authorities: string[] = []
    for (const [name, text] of [...texts].sort(([a], [b]) => (a < b ? -1 : 1))) {
      try {
        authorities.push(...parseCertificates(name, text))
      } catch (cause) {
        problems.push({ name, reason: reasonOf(cause) })
      }
    }
    for (const { name, reason } of problems) this.log.error(`cert: Cannot use client authority ${name}: ${reason}`)
    if (authorities.length === 0)
      this.log.error(
        `cert: ${this.spec.name} has no client authority in ${this.spec.clientCaPath}: every client is refused`,
      )
    this.authorities = authorities
    this.upgraded = this.upgrade(authorities)
    this.authorityProblems = problems
    this.changes++
    this.publish(this.set())
  }

  /** `caupgcn`: those of this issuer that do not say that they are authorities, and are to be. */
  private upgrade(authorities: readonly string[]): readonly string[] {
    const { caUpgradeCn } = this.spec
    if (caUpgradeCn === '') return []
    return authorities.filter(text => {
      const certificate = new X509Certificate(text)
      if (certificate.ca || !commonNames(certificate.issuer).includes(caUpgradeCn)) return false
      this.log.info(`cert: Upgrading cert ${commonNames(certificate.subject).join(', ')} to CA cert`)
      return true
    })
  }

  /** Nothing newer can be had, for now; said once. */
  failed(reason: string): void {
    if (reason === this.error) return
    this.log.warn(`cert: Error fetching certificates of ${this.spec.name}. ${reason}`)
    this.error = reason
    this.changes++
  }

  succeeded(): void {
    if (this.error === undefined) return
    this.log.info(`cert: Fetching certificates of ${this.spec.name} again`)
    this.error = undefined
    this.changes++
  }

  /** Milliseconds of `Date.now()` at which each certificate ends. */
  expiries(): readonly { readonly name: string; readonly at: number }[] {
    return this.parsed.map(({ pair, leaf }) => ({ name: pair.name, at: leaf.validToDate.getTime() }))
  }

  warnOfExpiry(now = Date.now()): void {
    for (const { pair, leaf } of this.parsed) {
      const leftMs = leaf.validToDate.getTime() - now
      if (leftMs > WARN_DAYS * DAY_MS) continue
      const when = leftMs <= 0 ? 'has ended' : `ends in ${(leftMs / DAY_MS).toFixed(1)} days`
      this.log.warn(`cert: ${pair.name} for ${pair.serverNames.join(', ')} ${when}: ${leaf.validToDate.toISOString()}`)
    }
  }

  facts(): SourceFacts {
    return {
      source: this.spec.name,
      type: this.spec.type,
      certificates: this.parsed.map(({ pair, leaf }) => describe(pair.name, pair.serverNames, leaf)),
      clientAuthorities: this.authorities?.length ?? null,
      problems: [...this.problems, ...this.authorityProblems],
      error: this.error ?? null,
    }
  }

  private replace(parsed: readonly ParsedPair[]): void {
    this.parsed = parsed
    this.changes++
    const names = parsed.flatMap(({ pair }) => pair.serverNames)
    this.log.info(`cert: Store has certificates for ["${names.join(',')}"]`)
    this.warnOfExpiry()
    this.publish(this.set())
  }

  private set(): CertificateSet {
    return {
      pairs: this.parsed.map(({ pair }) => pair),
      clientAuthorities: this.authorities,
      upgradedAuthorities: this.upgraded,
    }
  }
}

function describe(name: string, serverNames: readonly string[], leaf: X509Certificate): CertificateFacts {
  return {
    name,
    serverNames,
    issuer: leaf.issuer.replaceAll('\n', ', '),
    serial: leaf.serialNumber,
    fingerprint256: leaf.fingerprint256,
    notBefore: leaf.validFromDate.toISOString(),
    notAfter: leaf.validToDate.toISOString(),
  }
}

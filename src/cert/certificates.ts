import { randomBytes } from 'node:crypto'
import type { CertSourceSpec } from '../config/cert-source-spec.ts'
import type { Log } from '../log/log.ts'
import type { CertificateSet } from './certificate-set.ts'
import { loadAuthorities, loadFilePair } from './file-source.ts'
import { reasonOf } from './parse-pair.ts'

/** Who is told when certificates change. */
export interface CertificateListener {
  certificates(source: string, set: CertificateSet): void
  ticketKey(key: Uint8Array): void
}

const TICKET_KEY_BYTES = 32
/** As long as a ticket is good for. One that was given before the key changed costs its client a whole handshake. */
const TICKET_ROTATION_MS = 12 * 3_600_000

/** The certificates of all sources that a listener refers to, as they are now; and the key of session tickets. */
export class Certificates implements Disposable {
  private readonly sets = new Map<string, CertificateSet>()
  private readonly listeners: CertificateListener[] = []
  private readonly rotation: NodeJS.Timeout
  private key = randomBytes(TICKET_KEY_BYTES)

  constructor() {
    this.rotation = setInterval(() => this.rotate(), TICKET_ROTATION_MS)
    this.rotation.unref()
  }

  /** Tells `listener` what there is, and from now on what changes. @returns how to stop that */
  subscribe(listener: CertificateListener): void {
    this.tell(listener)
    this.listeners.push(listener)
  }

  /** Tells all there is. */
  tell(listener: CertificateListener): void {
    listener.ticketKey(this.key)
    for (const [source, set] of this.sets) listener.certificates(source, set)
  }

  set(source: string, set: CertificateSet): void {
    this.sets.set(source, set)
    for (const listener of this.listeners) listener.certificates(source, set)
  }

  [Symbol.dispose](): void {
    clearInterval(this.rotation)
  }

  private rotate(): void {
    this.key = randomBytes(TICKET_KEY_BYTES)
    for (const listener of this.listeners) listener.ticketKey(this.key)
  }
}

/**
 * Loads the certificates of `sources`.
 * @throws Error in Fabio's words, when a file cannot be used
 */
export async function startCertificates(
  sources: readonly CertSourceSpec[],
  { log }: { readonly log: Log },
): Promise<Certificates> {
  const certificates = new Certificates()
  try {
    for (const spec of sources) if (spec.type === 'file') certificates.set(spec.name, await loadFile(spec, log))
    return certificates
  } catch (cause) {
    certificates[Symbol.dispose]()
    throw cause
  }
}

async function loadFile(spec: CertSourceSpec, log: Log): Promise<CertificateSet> {
  try {
    const { pair } = await loadFilePair(spec)
    log.info(`cert: Store has certificates for ["${pair.serverNames.join(',')}"]`)
    return {
      pairs: [pair],
      clientAuthorities: spec.clientCaPath === '' ? undefined : await loadAuthorities(spec.clientCaPath),
    }
  } catch (cause) {
    throw new Error(`cert: Error loading certificate. ${reasonOf(cause)}`, { cause })
  }
}

import { setTimeout as sleep } from 'node:timers/promises'
import type { CertSourceSpec } from '../config/cert-source-spec.ts'
import type { Log } from '../log/log.ts'
import { CertificateCollection } from './certificate-collection.ts'
import type { CertificateSet } from './certificate-set.ts'
import { ConsulPlace } from './consul-place.ts'
import { fetchListed } from './http-place.ts'
import type { Texts } from './pair-up.ts'
import { parseCertificates, parsePair, reasonOf } from './parse-pair.ts'
import { readPemDirectory } from './path-place.ts'
import { readPemFile } from './pem-file.ts'
import { type Environment, VaultClient } from './vault-client.ts'
import { VaultIssuer } from './vault-issuer.ts'
import { readVaultSecrets } from './vault-place.ts'

export interface SourceSurroundings {
  readonly log: Log
  readonly env: Environment
  readonly publish: (set: CertificateSet) => void
}

const MIN_REFRESH_MS = 1000
/** `file` and `consul` take no `refresh`; files are looked at as often as all others by default. */
const FILE_REFRESH_MS = 3000

/** Follows the place that one entry of `proxy.cs` names, until it is disposed of. */
export class CertificateSource implements AsyncDisposable {
  readonly collection: CertificateCollection
  readonly issuer: VaultIssuer | undefined
  private readonly spec: CertSourceSpec
  private readonly surroundings: SourceSurroundings
  private readonly stopped = new AbortController()
  private readonly vault: VaultClient | undefined
  private readonly places: { readonly certs: ConsulPlace; readonly authorities: ConsulPlace | undefined } | undefined
  private loops: Promise<unknown>[] = []

  /** @throws Error when the place cannot be one */
  constructor(spec: CertSourceSpec, surroundings: SourceSurroundings) {
    const { log, env } = surroundings
    this.spec = spec
    this.surroundings = surroundings
    this.collection = new CertificateCollection(spec, surroundings)
    const { type, certPath, clientCaPath, vaultFetchToken } = spec
    if (type === 'http') checkUrl(certPath)
    if (type === 'vault' || type === 'vault-pki') this.vault = new VaultClient(vaultFetchToken, { env, log })
    if (type === 'vault-pki' && this.vault !== undefined)
      this.issuer = new VaultIssuer(this.vault, spec, this.collection, log)
    if (type === 'consul') {
      const authorities = clientCaPath === '' ? undefined : new ConsulPlace(clientCaPath, env)
      this.places = { certs: new ConsulPlace(certPath, env), authorities }
    }
  }

  /** Resolves when the first try is over, well or not. @throws Error when a `file` cannot be used */
  async start(): Promise<void> {
    const { spec, places, collection } = this
    if (places !== undefined) {
      const first = Promise.withResolvers<void>()
      this.loops.push(this.follow(places.certs, texts => collection.take(texts), first.resolve))
      if (places.authorities !== undefined)
        this.loops.push(
          this.follow(
            places.authorities,
            texts => collection.takeAuthorities(texts),
            () => {},
          ),
        )
      return first.promise
    }
    if (spec.type === 'file') await this.checkFiles()
    await this.load()
    this.loops.push(this.poll())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stopped.abort()
    this.issuer?.[Symbol.dispose]()
    await Promise.all(this.loops)
    this.vault?.[Symbol.dispose]()
  }

  private async poll(): Promise<void> {
    const { spec, stopped } = this
    const refreshMs = spec.type === 'file' ? FILE_REFRESH_MS : Math.max(spec.refreshMs, MIN_REFRESH_MS)
    while (!stopped.signal.aborted) {
      try {
        await sleep(refreshMs, undefined, { signal: stopped.signal, ref: false })
      } catch {
        return
      }
      const isLoaded = await this.load()
      // `refresh=0`: once is enough.
      if (isLoaded && spec.refreshMs === 0 && spec.type !== 'file') return
    }
  }

  private async load(): Promise<boolean> {
    const { spec, collection, stopped } = this
    try {
      // Authorities first: certificates are not shown to clients before it is known whom to let in.
      if (spec.clientCaPath !== '') collection.takeAuthorities(await this.read(spec.clientCaPath))
      if (spec.type === 'file') await this.loadFile()
      else if (spec.type !== 'vault-pki') collection.take(await this.read(spec.certPath))
      collection.succeeded()
      return true
    } catch (cause) {
      if (!stopped.signal.aborted) collection.failed(reasonOf(cause))
      return false
    }
  }

  private async read(place: string): Promise<Texts> {
    const { spec, vault, surroundings, stopped } = this
    const { signal } = stopped
    if (spec.type === 'file') return new Map([[place, await readPemFile(place)]])
    if (spec.type === 'path') return readPemDirectory(place, surroundings.log)
    if (spec.type === 'http') return fetchListed({ url: place, headers: spec.headers }, signal)
    if (vault === undefined) throw new Error(`no client for ${spec.type}`)
    return readVaultSecrets(vault, place, { log: surroundings.log, signal })
  }

  /** A pair in one file or two; a half-written file is bad for as long as it is half-written. */
  private async loadFile(): Promise<void> {
    const { certPath, keyPath } = this.spec
    const cert = await readPemFile(certPath)
    const key = keyPath === '' ? cert : await readPemFile(keyPath)
    this.collection.takeFile({ name: certPath, cert, key })
  }

  private async checkFiles(): Promise<void> {
    const { certPath, keyPath, clientCaPath } = this.spec
    try {
      const cert = await readPemFile(certPath)
      parsePair(certPath, cert, keyPath === '' ? cert : await readPemFile(keyPath))
      if (clientCaPath !== '') parseCertificates(clientCaPath, await readPemFile(clientCaPath))
    } catch (cause) {
      throw new Error(`cert: Error loading certificate. ${reasonOf(cause)}`, { cause })
    }
  }

  private async follow(place: ConsulPlace, take: (texts: Texts) => void, first: () => void): Promise<void> {
    const { collection } = this
    await place.watch(this.stopped.signal, {
      texts: texts => {
        take(texts)
        first()
      },
      lost: error => {
        collection.failed(error.message)
        first()
      },
      regained: () => collection.succeeded(),
    })
    first()
  }
}

function checkUrl(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') throw new Error(`invalid url: ${text.split('?')[0]}`)
}

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { CertSourceSpec } from '../config/cert-source-spec.ts'
import { reasonOf, type Subject } from './subject.ts'

/**
 * Certificates and keys in files. An error is what ends the start; all else is waited for, or costs only itself. Those of `type=http`, `consul` and `vault` are known only
 * when they are asked for.
 */
export async function checkCertificates(subject: Subject): Promise<void> {
  const { proxy, ui } = subject.config
  const used = new Set([...proxy.listeners, ui.listener].map(listener => listener?.certSource))
  for (const source of proxy.certSources.values())
    await new SourceCheck(subject, source, { isUsed: used.has(source.name) }).run()
}

/** As the `path` source takes them. */
const LARGEST_FILE_BYTES = 1 << 20

class SourceCheck {
  readonly #subject: Subject
  readonly #source: CertSourceSpec
  readonly #isUsed: boolean

  constructor(subject: Subject, source: CertSourceSpec, { isUsed }: { readonly isUsed: boolean }) {
    this.#subject = subject
    this.#source = source
    this.#isUsed = isUsed
  }

  async run(): Promise<void> {
    const { type, certPath, keyPath, clientCaPath } = this.#source
    // Without a path it was refused before.
    if (certPath === '') return
    switch (type) {
      case 'file':
        await this.#checkPair(certPath, keyPath === '' ? certPath : keyPath)
        if (clientCaPath !== '') await this.#checkAuthorities(clientCaPath)
        break
      case 'path':
        await this.#checkDirectory(certPath)
        if (clientCaPath !== '') await this.#checkAuthorityDirectory(clientCaPath)
        break
      case 'http':
      case 'consul':
        this.#checkUrl(certPath, text => this.#error(text))
        if (clientCaPath === '') break
        // Consul is asked at once; a list that cannot be had is tried for again.
        this.#checkUrl(clientCaPath, text => (type === 'consul' ? this.#error(text) : this.#warn(text)))
        break
      case 'vault':
      case 'vault-pki':
        await this.#checkVault()
    }
  }

  /** What ends the start, of a source that a listener uses. */
  #error(text: string): void {
    if (!this.#isUsed) return this.#warn(text)
    this.#subject.findings.error(this.#subject.placeOf('proxy.cs'), `proxy.cs ${this.#source.name}: ${text}`)
  }

  /** Files: those of `type=file` are needed at the start; any other that cannot be used costs only itself. */
  #unusable(text: string): void {
    if (this.#source.type === 'file') this.#error(text)
    else this.#warn(`${text}: left out`)
  }

  #warn(text: string): void {
    this.#subject.findings.warn(this.#subject.placeOf('proxy.cs'), `proxy.cs ${this.#source.name}: ${text}`)
  }

  async #checkPair(certFile: string, keyFile: string): Promise<void> {
    const certText = await this.#read(certFile)
    const keyText = keyFile === certFile ? certText : await this.#read(keyFile)
    const [leaf] = certText === undefined ? [] : this.#parseCertificates(certText, certFile)
    const key = keyText === undefined ? undefined : this.#parseKey(keyText, keyFile)
    if (leaf === undefined || key === undefined) return
    if (!leaf.checkPrivateKey(key)) this.#unusable(`${keyFile} is not the key of the certificate in ${certFile}`)
  }

  async #checkAuthorities(file: string): Promise<void> {
    const text = await this.#read(file)
    if (text !== undefined) this.#parseCertificates(text, file)
  }

  /** Pairs by name, as the source makes them: `x-cert.pem` with `x-key.pem`, or both in `x.pem`. */
  async #checkDirectory(directory: string): Promise<void> {
    const files = await this.#listPem(directory)
    if (files === undefined) return
    if (files.length === 0) this.#warn(`there are no certificates in ${directory}`)
    const known = new Set(files)
    for (const file of files) {
      const stem = file.replace(/-(?:cert|key)\.pem$/, '')
      const certFile = `${stem}-cert.pem`
      const keyFile = `${stem}-key.pem`
      if (file === keyFile && !known.has(certFile)) this.#unusable(`${file} has no ${basename(certFile)} beside it`)
      else if (file === certFile && !known.has(keyFile)) this.#unusable(`${file} has no ${basename(keyFile)} beside it`)
      else if (file === certFile) await this.#checkPair(certFile, keyFile)
      else if (file !== keyFile) await this.#checkPair(file, file)
    }
  }

  async #checkAuthorityDirectory(directory: string): Promise<void> {
    for (const file of (await this.#listPem(directory)) ?? []) await this.#checkAuthorities(file)
  }

  async #listPem(directory: string): Promise<readonly string[] | undefined> {
    try {
      const entries = await readdir(directory, { recursive: true, withFileTypes: true })
      const files = entries.filter(entry => !entry.isDirectory() && /^[^.].*\.pem$/.test(entry.name))
      return files.map(({ parentPath, name }) => join(parentPath, name)).sort()
    } catch (cause) {
      this.#warn(`open ${directory}: ${reasonOf(cause)}`)
      return undefined
    }
  }

  #parseCertificates(text: string, file: string): readonly X509Certificate[] {
    const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []
    if (blocks.length === 0) this.#unusable(`there is no certificate (PEM) in ${file}`)
    return blocks.flatMap((block, at) => {
      try {
        const certificate = new X509Certificate(block)
        this.#checkDates(certificate, file)
        return [certificate]
      } catch (cause) {
        this.#unusable(`certificate ${at + 1} in ${file} cannot be read: ${reasonOf(cause)}`)
        return []
      }
    })
  }

  #checkDates({ subject, validFromDate, validToDate }: X509Certificate, file: string): void {
    const now = new Date()
    const name = subject === '' ? '' : ` of ${subject.replaceAll('\n', ', ')}`
    if (validToDate < now) this.#warn(`the certificate${name} in ${file} ended on ${validToDate.toISOString()}`)
    else if (validFromDate > now)
      this.#warn(`the certificate${name} in ${file} begins on ${validFromDate.toISOString()}`)
  }

  #parseKey(text: string, file: string): KeyObject | undefined {
    if (!/-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/.test(text)) {
      this.#unusable(`there is no private key (PEM, not encrypted) in ${file}`)
      return undefined
    }
    try {
      return createPrivateKey(text)
    } catch (cause) {
      this.#unusable(`the private key in ${file} cannot be read: ${reasonOf(cause)}`)
      return undefined
    }
  }

  async #read(file: string): Promise<string | undefined> {
    try {
      const text = await readFile(file, 'latin1')
      if (text.length <= LARGEST_FILE_BYTES || this.#source.type !== 'path') return text
      this.#warn(`${file} is larger than ${LARGEST_FILE_BYTES} bytes and left out`)
    } catch (cause) {
      this.#unusable(`open ${file}: ${reasonOf(cause)}`)
    }
    return undefined
  }

  #checkUrl(text: string, report: (text: string) => void): void {
    const url = URL.canParse(text) ? new URL(text) : undefined
    const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:'
    if (!isHttp) report('invalid url; expected http://… or https://…')
    else if (this.#source.type === 'consul' && !url.pathname.startsWith('/v1/kv/')) {
      report('missing prefix: /v1/kv/')
    }
  }

  async #checkVault(): Promise<void> {
    const { vaultFetchToken } = this.#source
    const { VAULT_ADDR = '', VAULT_TOKEN = '', VAULT_CACERT = '' } = this.#subject.env
    if (VAULT_ADDR === '') this.#warn('VAULT_ADDR is not set here: https://127.0.0.1:8200 will be asked')
    else if (!URL.canParse(VAULT_ADDR)) this.#error('VAULT_ADDR is no URL')
    if (VAULT_CACERT !== '') await this.#readVaultAuthorities(VAULT_CACERT)
    const [, kind, name = ''] = /^(file|env):(.*)$/s.exec(vaultFetchToken) ?? []
    if (kind === 'file') await this.#checkTokenFile(name)
    else if (kind === 'env') {
      if ((this.#subject.env[name] ?? '') === '')
        this.#warn(`the environment variable ${name} with the token is not set here`)
    } else if (vaultFetchToken !== '') this.#warn('vaultfetchtoken has to begin with file: or env:')
    else if (VAULT_TOKEN === '') this.#warn('VAULT_TOKEN is not set here')
  }

  async #readVaultAuthorities(file: string): Promise<void> {
    try {
      await readFile(file)
    } catch (cause) {
      this.#error(`VAULT_CACERT: open ${file}: ${reasonOf(cause)}`)
    }
  }

  async #checkTokenFile(file: string): Promise<void> {
    try {
      const text = await readFile(file, 'utf8')
      if (text.trim() === '') this.#warn(`there is no token in ${file}`)
    } catch (cause) {
      this.#warn(`open ${file}: ${reasonOf(cause)}`)
    }
  }
}

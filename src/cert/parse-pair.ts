import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { CertificatePair } from './certificate-set.ts'

/** A certificate or a key that cannot be used. Its message says why. */
export class CertificateError extends Error {}

/** What is known of a pair besides its text. */
export interface ParsedPair {
  readonly pair: CertificatePair
  /** The certificate itself, without its chain. */
  readonly leaf: X509Certificate
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g
const PRIVATE_KEY = /-----BEGIN ([A-Z]+ )?PRIVATE KEY-----[\s\S]*?-----END ([A-Z]+ )?PRIVATE KEY-----/

/**
 * Makes a pair of PEM texts, which may be the same text; the first certificate is the one shown, the others are its chain.
 * @throws CertificateError
 */
export function parsePair(name: string, certText: string, keyText: string): ParsedPair {
  const [leafText, ...chain] = certText.match(CERTIFICATE) ?? []
  if (leafText === undefined) throw new CertificateError(`there is no certificate (PEM) in ${name}`)
  const keyPem = PRIVATE_KEY.exec(keyText)?.[0]
  if (keyPem === undefined) throw new CertificateError(`there is no private key (PEM, not encrypted) for ${name}`)
  const leaf = parseCertificate(name, leafText)
  const cert = [leafText, ...chain].join('\n')
  try {
    if (!leaf.checkPrivateKey(createPrivateKey(keyPem)))
      throw new CertificateError('private key does not match public key')
    // What OpenSSL refuses for another reason, a worker would find out with a client waiting.
    createSecureContext({ cert, key: keyPem, ca: [], ciphers: 'DEFAULT@SECLEVEL=1' })
  } catch (cause) {
    throw new CertificateError(`${name}: ${reasonOf(cause)}`, { cause })
  }
  return { pair: { name, cert, key: keyPem, serverNames: serverNamesOf(leaf) }, leaf }
}

/**
 * The certificates of a PEM text, one text each.
 * @throws CertificateError also for a text that has none
 */
export function parseCertificates(name: string, text: string): readonly string[] {
  const blocks = text.match(CERTIFICATE) ?? []
  if (blocks.length === 0) throw new CertificateError(`there is no certificate (PEM) in ${name}`)
  for (const block of blocks) parseCertificate(name, block)
  return blocks
}

function parseCertificate(name: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (cause) {
    throw new CertificateError(`a certificate of ${name} cannot be read: ${reasonOf(cause)}`, { cause })
  }
}

/** The common name and all DNS names, as in the original; which ones a client accepts is up to the client. */
function serverNamesOf(leaf: X509Certificate): readonly string[] {
  const names = new Set(commonNames(leaf.subject).map(name => name.toLowerCase()))
  // A name that could be taken for something else is in quotes here, and no host name.
  for (const part of leaf.subjectAltName?.split(', ') ?? [])
    if (part.startsWith('DNS:') && !part.includes('"')) names.add(part.slice(4).toLowerCase())
  return [...names]
}

/** Of a subject or an issuer, as node:crypto writes them. */
export function commonNames(names: string | undefined): readonly string[] {
  return (names?.split('\n') ?? []).filter(line => line.startsWith('CN=')).map(line => line.slice(3))
}

export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}

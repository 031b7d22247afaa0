/** PEM texts by where they were found. */
export type Texts = ReadonlyMap<string, string>

/** Something of a source that is not used, and why. */
export interface CertificateProblem {
  readonly name: string
  readonly reason: string
}

export interface UnparsedPair {
  readonly name: string
  readonly cert: string
  readonly key: string
}

const CERT_END = '-cert.pem'
const KEY_END = '-key.pem'

/**
 * Fabio's names: `x-cert.pem` and `x-key.pem` are a pair, any other `x.pem` is both in one; what has no such name is passed over.
 * Pairs are in the order of the names of their certificates, which decides about the default.
 */
export function pairUp(texts: Texts): { pairs: readonly UnparsedPair[]; problems: readonly CertificateProblem[] } {
  const pairs: UnparsedPair[] = []
  const problems: CertificateProblem[] = []
  for (const [name, text] of [...texts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (name.endsWith(CERT_END)) {
      const keyName = name.slice(0, -CERT_END.length) + KEY_END
      const key = texts.get(keyName)
      if (key === undefined) problems.push({ name, reason: `there is no ${keyName}` })
      else pairs.push({ name, cert: text, key })
    } else if (name.endsWith(KEY_END)) {
      const certName = name.slice(0, -KEY_END.length) + CERT_END
      if (!texts.has(certName)) problems.push({ name, reason: `there is no ${certName}` })
    } else if (name.endsWith('.pem')) {
      pairs.push({ name, cert: text, key: text })
    }
  }
  return { pairs, problems }
}

export function areSameTexts(some: Texts | undefined, others: Texts): boolean {
  if (some?.size !== others.size) return false
  for (const [name, text] of others) if (some.get(name) !== text) return false
  return true
}

import { X509Certificate } from 'node:crypto'

/** Errors of OpenSSL that say no more than that an issuer is no authority. Worse ones come later, and hide these. */
const NOT_AN_AUTHORITY = new Set([
  'INVALID_CA',
  'INVALID_PURPOSE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])
/** RFC 5280 §4.2.1.12 */
const ANY_USAGE = '2.5.29.37.0'
const CLIENT_USAGE = '1.3.6.1.5.5.7.3.2'

/**
 * `caupgcn`: certificates that count as authorities although they do not say that they are, as those that AWS API Gateway gives its
 * clients. A client may show one of them, or a certificate that one of them signed.
 */
export class UpgradedAuthorities {
  private readonly authorities: readonly X509Certificate[]

  /** @param texts PEM, one certificate each */
  constructor(texts: readonly string[]) {
    this.authorities = texts.map(text => new X509Certificate(text))
  }

  /** Is this certificate, which OpenSSL refused with `code`, good all the same? */
  accept(shown: X509Certificate | undefined, code: string, now = new Date()): boolean {
    if (shown === undefined || !NOT_AN_AUTHORITY.has(code)) return false
    const usage = shown.keyUsage as readonly string[] | undefined
    if (usage !== undefined && !usage.includes(CLIENT_USAGE) && !usage.includes(ANY_USAGE)) return false
    return (
      isValidAt(shown, now) && this.authorities.some(authority => isValidAt(authority, now) && isOf(shown, authority))
    )
  }
}

function isOf(shown: X509Certificate, authority: X509Certificate): boolean {
  return shown.raw.equals(authority.raw) || (shown.issuer === authority.subject && shown.verify(authority.publicKey))
}

function isValidAt({ validFromDate, validToDate }: X509Certificate, now: Date): boolean {
  return validFromDate <= now && now <= validToDate
}

/** A certificate and its key, as a listener shows them to clients. Plain data: it is sent to the workers. */
export interface CertificatePair {
  /** Where it came from: a file, a key, a URL. Pairs are in the order of these, and the first is the default. */
  readonly name: string
  /** PEM: the certificate, then its chain. */
  readonly cert: string
  /** PEM. */
  readonly key: string
  /** The server names it is for, in lower case; `*.example.com` among them. */
  readonly serverNames: readonly string[]
}

/** What a certificate source has, at one time. */
export interface CertificateSet {
  readonly pairs: readonly CertificatePair[]
  /**
   * PEM of the authorities that certificates of clients must come from. Without any, none does, and nobody gets in; undefined asks
   * for no certificate.
   */
  readonly clientAuthorities: readonly string[] | undefined
  /** Those of them that count as authorities only because of `caupgcn`. */
  readonly upgradedAuthorities: readonly string[]
}

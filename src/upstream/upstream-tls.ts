import net from 'node:net'
import tls from 'node:tls'

/** How the upstream at an address is known to be the right one. */
export interface TlsIdentity {
  /** The name its certificate must be for, and that it is asked by (SNI); an address is not asked for. */
  readonly serverName: string
  /** `tlsskipverify=true`: whoever it is. */
  readonly skipsVerification: boolean
}

/** The TLS of this thread to upstreams: whom it trusts. */
export class UpstreamTls {
  private readonly authorities: readonly string[]
  private context: tls.SecureContext | undefined

  /** @param authorities PEM, trusted besides those of the system */
  constructor(authorities: readonly string[]) {
    this.authorities = authorities
  }

  /** What a connection is made with; `session` is of an earlier connection to the same upstream. */
  connectOptions({ serverName, skipsVerification }: TlsIdentity, session: Buffer | undefined): tls.ConnectionOptions {
    return {
      secureContext: this.sharedContext(),
      // RFC 6066 §3: no address is a server name.
      servername: net.isIP(serverName) === 0 ? serverName : '',
      rejectUnauthorized: !skipsVerification,
      checkServerIdentity: (_, certificate) => tls.checkServerIdentity(serverName, certificate),
      ...(session === undefined ? {} : { session }),
    }
  }

  /** Made once, and not before it is needed: reading hundreds of authorities takes its time. */
  private sharedContext(): tls.SecureContext {
    this.context ??= tls.createSecureContext({
      ca: [...systemAuthorities(), ...this.authorities],
      // Go takes keys that the highest levels of OpenSSL refuse.
      ciphers: `${tls.DEFAULT_CIPHERS}:@SECLEVEL=1`,
    })
    return this.context
  }
}

/** As Go: those of the system, with SSL_CERT_FILE and SSL_CERT_DIR. A machine without any gets the list of Mozilla. */
function systemAuthorities(): readonly string[] {
  const found = [...tls.getCACertificates('system'), ...tls.getCACertificates('extra')]
  return found.length > 0 ? found : tls.getCACertificates('bundled')
}

/**
 * Is this why there is no TLS with an upstream: it speaks something else, or is not who it should be? An alert of its own, or an
 * end of the connection, are of another kind: then it was the upstream that would not.
 */
export function isTlsFault(error: NodeJS.ErrnoException | undefined): boolean {
  const code = error?.code ?? ''
  if (code.startsWith('ERR_')) return !code.includes('_ALERT_')
  // Of verification: `CERT_HAS_EXPIRED`, `SELF_SIGNED_CERT_IN_CHAIN`. Those of the system have no underscore.
  return code.includes('_')
}

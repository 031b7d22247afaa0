// What listeners of a worker are to know of TLS and of who is before them.

import type { CertSourceSpec } from '../config/cert-source-spec.ts'
import type { ProxyConfig } from '../config/config.ts'
import type { ListenerSpec } from '../config/listener-spec.ts'
import type { ClientCertificates, ServerNameSettings, TlsSettings } from '../listener/listener.ts'
import { TrustedProxies } from '../proxy/http/trusted-proxies.ts'
import type { TcpService } from './tcp-service.ts'

/** undefined for a listener in the clear. `issue` is used where the source makes certificates when they are asked for. */
export function tlsSettings(
  { proto, certSource }: ListenerSpec,
  proxy: ProxyConfig,
  issue: (source: string, serverName: string, done: () => void) => void,
): TlsSettings | undefined {
  const source = certSource === undefined ? undefined : proxy.certSources.get(certSource)
  if (source === undefined) return undefined
  return {
    // What is inside of a TCP connection is for its two ends to agree on.
    protocols: proto === 'tcp' || proto === 'tcp-dynamic' ? [] : ['http/1.1'],
    clientCertificates: clientCertificates(source),
    handshakeTimeoutMs: proxy.limit.headerTimeoutMs,
    issue: source.type === 'vault-pki' ? (serverName, done) => issue(source.name, serverName, done) : undefined,
  }
}

function clientCertificates({ clientCaPath, caUpgradeCn }: CertSourceSpec): ClientCertificates {
  if (clientCaPath === '') return 'not asked for'
  return caUpgradeCn === '' ? 'required' : 'required, of upgraded authorities too'
}

/** `tcp+sni` passes all connections on, `https+tcp+sni` those whose route says so. */
export function serverNameSettings(spec: ListenerSpec, proxy: ProxyConfig, service: TcpService): ServerNameSettings {
  const isAlone = spec.proto === 'tcp+sni'
  const limits = [proxy.limit.headerTimeoutMs, spec.readTimeoutMs].filter(ms => ms > 0)
  return {
    timeoutMs: limits.length === 0 ? 0 : Math.min(...limits),
    passes: name => (isAlone ? name !== '' : service.leadsToTcp(name)),
    accept: (accepted, name) => service.acceptNamed(accepted, name),
    refused: () => {
      if (isAlone) service.refused()
    },
  }
}

/** Whose PROXY headers count. */
export function trustedBy(proxy: ProxyConfig): (address: string) => boolean {
  const trusted = new TrustedProxies(proxy)
  return address => trusted.has(address)
}

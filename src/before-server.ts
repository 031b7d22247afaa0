import type { Server } from 'node:http'
import type { Certificates } from './cert/certificates.ts'
import type { Config } from './config/config.ts'
import type { ListenerSpec } from './config/listener-spec.ts'
import { announcedServer } from './listener/announced-server.ts'
import { secureServer } from './listener/secure-server.ts'
import type { Log } from './log/log.ts'
import { tlsSettings, trustedBy } from './plane/listener-settings.ts'

/** For listeners of the control plane: what puts PROXY headers and TLS before a server of theirs, where the listener has them. */
export function beforeServer(
  spec: ListenerSpec | undefined,
  { proxy }: Config,
  { certificates, log }: { readonly certificates: Certificates; readonly log: Log },
): ((server: Server) => void) | undefined {
  if (spec === undefined) return undefined
  const tls = tlsSettings(spec, proxy, (source, name, done) => void certificates.issue(source, name).then(done))
  return server => {
    if (tls !== undefined) certificates.subscribe(secureServer(server, { spec, tls, log }))
    // The header comes before the handshake, so this has the connection first.
    if (spec.proxyProtocol) announcedServer(server, { spec, log, trusts: trustedBy(proxy) })
  }
}

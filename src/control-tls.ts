import type { Server } from 'node:http'
import type { Certificates } from './cert/certificates.ts'
import type { Config } from './config/config.ts'
import type { ListenerSpec } from './config/listener-spec.ts'
import { secureServer } from './listener/secure-server.ts'
import type { Log } from './log/log.ts'
import { tlsSettings } from './plane/listener-settings.ts'

/** For listeners of the control plane: what puts TLS before a server of theirs; undefined for one in the clear. */
export function controlTls(
  spec: ListenerSpec | undefined,
  { proxy }: Config,
  { certificates, log }: { readonly certificates: Certificates; readonly log: Log },
): ((server: Server) => void) | undefined {
  if (spec === undefined) return undefined
  const tls = tlsSettings(spec, proxy, (source, name, done) => void certificates.issue(source, name).then(done))
  if (tls === undefined) return undefined
  return server => certificates.subscribe(secureServer(server, { spec, tls, log }))
}

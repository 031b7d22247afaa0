import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { CertificateListener } from '../cert/certificates.ts'
import type { ListenerSpec } from '../config/listener-spec.ts'
import type { Log } from '../log/log.ts'
import { announceAgain } from './announced-server.ts'
import type { TlsSettings } from './listener.ts'
import { takeConnections } from './take-connections.ts'
import { TlsTerminator } from './tls-terminator.ts'

export interface SecureServerOptions {
  readonly spec: ListenerSpec
  readonly tls: TlsSettings
  readonly log: Log
}

/**
 * Puts TLS before a server of the control plane, which goes on to listen, to limit and to close as it did. Without certificates, which
 * the result has to be told of, every handshake fails.
 */
export function secureServer(server: Server, { spec, tls, log }: SecureServerOptions): CertificateListener {
  const terminator = new TlsTerminator<Socket>(
    {
      spec,
      protocols: tls.protocols,
      handshakeTimeoutMs: tls.handshakeTimeoutMs,
      issue: tls.issue,
      log,
      onSecure: (socket, raw) => {
        announceAgain(raw, socket)
        serve(socket)
      },
    },
    tls.clientCertificates,
  )
  const serve = takeConnections(server, socket => terminator.take(socket, socket))
  return {
    certificates(source, set) {
      if (source === spec.certSource) terminator.setCertificates(set)
    },
    ticketKey: key => terminator.setTicketKey(key),
  }
}

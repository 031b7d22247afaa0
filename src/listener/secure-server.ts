import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { CertificateListener } from '../cert/certificates.ts'
import type { ListenerSpec } from '../config/listener-spec.ts'
import type { Log } from '../log/log.ts'
import type { TlsSettings } from './listener.ts'
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
  const serve = server.listeners('connection')
  server.removeAllListeners('connection')
  const terminator = new TlsTerminator<Socket>(
    {
      spec,
      protocols: tls.protocols,
      handshakeTimeoutMs: tls.handshakeTimeoutMs,
      issue: tls.issue,
      log,
      onSecure: socket => {
        for (const listener of serve) listener.call(server, socket)
      },
    },
    { required: tls.requiresClientCertificates },
  )
  server.on('connection', (socket: Socket) => terminator.take(socket, socket))
  return {
    certificates(source, set) {
      if (source === spec.certSource) terminator.setCertificates(set)
    },
    ticketKey: key => terminator.setTicketKey(key),
  }
}

import { join } from 'node:path'
import type { Peer } from './peer.ts'

/** Proxies made of what Node has: one process, one upstream, no table. */
function yardstick(name: string, program: string, work: string): Peer {
  return {
    name,
    work,
    isHere: () => true,
    cannot: ({ kind }, load) => {
      if (load === 'websocket' && name === 'undici') return 'it passes on no upgrades'
      if (kind === 'paths' || kind === 'hosts') return 'it has no routing table'
      if (kind === 'tcp' || kind === 'sni' || kind === 'grpc') return 'it passes on HTTP only'
      if (kind === 'https') return 'it has no TLS'
      if (kind === 'workers') return 'it is one process'
      return kind === 'logged' ? 'it has neither log nor metrics' : undefined
    },
    command: ({ proxyPort, upstreamPort, echoPort }) => ({
      command: [
        process.execPath,
        join(import.meta.dirname, program),
        ...[proxyPort, upstreamPort, echoPort].map(String),
      ],
    }),
  }
}

export const undici = yardstick(
  'undici',
  'node-http-undici-program.ts',
  'node:http in, undici Pool.dispatch out, the same headers',
)
export const httpProxy = yardstick(
  'http-proxy',
  'http-proxy-program.ts',
  'http-proxy 1.18.1 with xfwd and a keep-alive agent',
)

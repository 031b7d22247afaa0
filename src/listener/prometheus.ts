import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { Socket } from 'node:net'
import type { ListenerSpec } from '../config/listener-spec.ts'
import { ListenError } from './listener.ts'

/** The answer to a scrape. */
export interface Scrape {
  readonly contentType: string
  readonly contentEncoding?: string | undefined
  readonly body: string | Uint8Array
}

export interface PrometheusListenerOptions {
  readonly spec: ListenerSpec
  /** `metrics.prometheus.path` */
  readonly path: string
  /** Puts PROXY headers and TLS before the server, which is about to listen. */
  readonly prepare?: ((server: Server) => void) | undefined
  render(acceptEncoding: string): Promise<Scrape>
}

const REQUEST_TIMEOUT_MS = 30_000

/** A listener with `proto=prometheus`: the metrics on their path, and every other path leads there. */
export async function startPrometheusListener(
  options: PrometheusListenerOptions,
): Promise<AsyncDisposable & { port: number }> {
  const { spec, path } = options
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    if (pathname !== path) {
      response.writeHead(308, { location: path }).end()
      return
    }
    options.render(String(request.headers['accept-encoding'] ?? '')).then(
      ({ contentType, contentEncoding, body }) => {
        response.setHeader('content-type', contentType)
        if (contentEncoding !== undefined) response.setHeader('content-encoding', contentEncoding)
        response.end(body)
      },
      () => response.writeHead(500).end(),
    )
  })
  options.prepare?.(server)
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen({ port: spec.port, ...(spec.host === '' ? {} : { host: spec.host }) })
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new ListenError(`listen: Fail to listen. ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    })
  }
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : spec.port,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy() // also those whose handshake is not done
      await closed
    },
  }
}

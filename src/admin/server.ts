import { once } from 'node:events'
import { createServer, type Server, type ServerOptions, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { getSystemErrorMessage } from 'node:util'
import { AdminHandler, type AdminHandlerOptions } from './admin-handler.ts'
import type { UiSettings } from './ui/pages.ts'

/** What the server reads of the `ui.addr` listener. */
interface AdminListener {
  readonly addr: string
  /** Empty for all interfaces. */
  readonly host: string
  readonly port: number
  /** For a whole request, its body included; 0 for the default of five minutes. */
  readonly readTimeoutMs: number
  /** From a request's head to the end of its answer; 0 for as long as bytes move. Event streams are exempt. */
  readonly writeTimeoutMs: number
  /** Between two requests of a connection; 0 for two minutes. */
  readonly idleTimeoutMs: number
}

export interface AdminOptions extends AdminHandlerOptions {
  /** The `ui.*` options. Without a listener (`ui.addr` is empty) nothing listens. */
  readonly ui: UiSettings & { readonly listener: AdminListener | undefined }
  /** Puts PROXY headers and TLS before the server, which is about to listen. */
  readonly prepare?: ((server: Server) => void) | undefined
}

export interface AdminServer extends AsyncDisposable {
  /** Absent when `ui.addr` is empty. */
  readonly port: number | undefined
}

const MAX_CONNECTIONS = 1000
const MAX_HEAD_BYTES = 16_384
const HEAD_TIMEOUT_MS = 60_000
const REQUEST_TIMEOUT_MS = 300_000
const IDLE_TIMEOUT_MS = 120_000
/** What is being answered when the server stops has so long to end. */
const GRACE_MS = 1000

/** Listens on `ui.addr`. Rejects when that address cannot be had. */
export async function startAdmin(options: AdminOptions): Promise<AdminServer> {
  const { listener } = options.ui
  if (listener === undefined) return { port: undefined, async [Symbol.asyncDispose]() {} }

  const handler = new AdminHandler(options)
  const server = createServer(timeoutsOf(listener), (req, res) => {
    if (listener.writeTimeoutMs > 0) limitWriteTime(res, listener.writeTimeoutMs, handler)
    handler.serve(req, res)
  })
  options.prepare?.(server)
  // A connection on which nothing moves is cut, whatever it waits for; heartbeats keep event streams moving.
  server.setTimeout(IDLE_TIMEOUT_MS)
  server.maxConnections = MAX_CONNECTIONS
  const connections = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    connections.add(socket)
    socket.on('close', () => connections.delete(socket))
  })
  try {
    server.listen({ port: listener.port, ...(listener.host === '' ? {} : { host: listener.host }) })
    await once(server, 'listening')
  } catch (cause) {
    handler[Symbol.dispose]()
    throw new Error(`ui: listen: Fail to listen. listen tcp ${listener.addr}: bind: ${bindReason(cause)}`, { cause })
  }
  server.on('error', cause => options.log.error(`Admin server cannot accept a connection: ${cause.message}`))

  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : listener.port
  options.log.info(`Admin server access mode "${options.ui.access}"`)
  options.log.info(`Admin server listening on "${listener.addr}"`)
  return {
    port,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      handler[Symbol.dispose]() // event streams end here, or they would keep their connections
      server.closeIdleConnections()
      await Promise.race([closed, sleep(GRACE_MS, undefined, { ref: false })])
      for (const socket of connections) socket.destroy() // also those whose handshake is not done
      await closed
    },
  }
}

function bindReason(cause: unknown): string {
  const { errno, message } = cause as NodeJS.ErrnoException
  return errno === undefined ? message : getSystemErrorMessage(errno)
}

function timeoutsOf(listener: AdminListener): ServerOptions {
  const requestTimeout = listener.readTimeoutMs > 0 ? Math.ceil(listener.readTimeoutMs) : REQUEST_TIMEOUT_MS
  return {
    requestTimeout,
    headersTimeout: Math.min(HEAD_TIMEOUT_MS, requestTimeout),
    connectionsCheckingInterval: Math.min(5000, Math.max(100, requestTimeout / 2)),
    keepAliveTimeout: listener.idleTimeoutMs > 0 ? Math.ceil(listener.idleTimeoutMs) : IDLE_TIMEOUT_MS,
    maxHeaderSize: MAX_HEAD_BYTES,
    noDelay: true,
  }
}

function limitWriteTime(res: ServerResponse, ms: number, handler: AdminHandler): void {
  const timer = setTimeout(() => {
    if (!handler.isEventStream(res)) res.destroy()
  }, ms)
  res.on('close', () => clearTimeout(timer))
}

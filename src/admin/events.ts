import type { IncomingMessage, ServerResponse } from 'node:http'
import { replyText, SECURITY_HEADERS } from './reply.ts'
import type { RoutesView } from './routes-view.ts'

const MAX_CLIENTS = 64
const TICK_MS = 1000
const TICKS_PER_HEARTBEAT = 15
/** Changes of the table within this time are told as one: while a large service starts there are many a second. */
const GATHER_MS = 250
/** A client that leaves so much unread is not reading. It is cut off, and its browser connects again. */
const MAX_UNREAD_BYTES = 65_536

/**
 * `/api/events`: server-sent events for the pages. `routes` says that the table has a new version, `status` how the
 * registry is doing and how many definitions have mistakes, `heartbeat` that the connection is alive. Each also comes at the beginning of a stream.
 */
export class Events implements Disposable {
  readonly #routes: RoutesView
  readonly #status: () => object
  readonly #clients = new Set<ServerResponse>()
  readonly #unsubscribe: () => void
  #ticker: NodeJS.Timeout | undefined
  #ticks = 0
  #gathering: NodeJS.Timeout | undefined
  #lastStatus = ''

  constructor(routes: RoutesView, status: () => object) {
    this.#routes = routes
    this.#status = status
    this.#unsubscribe = routes.subscribe(() => this.#onRoutesChange())
  }

  serve(req: IncomingMessage, res: ServerResponse): void {
    if (this.#clients.size >= MAX_CLIENTS) {
      return replyText(res, 503, `there are ${MAX_CLIENTS} event streams already\n`, { 'retry-after': '10' })
    }
    res.writeHead(200, {
      ...SECURITY_HEADERS,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no', // nginx would hold events back otherwise.
    })
    if (req.method === 'HEAD') return void res.end()

    const status = JSON.stringify(this.#status())
    if (this.#clients.size === 0) this.#lastStatus = status // Otherwise the others have yet to hear of it.
    this.#clients.add(res)
    res.on('close', () => this.#onClose(res))
    res.write(`retry: 2000\n\n${this.#routesEvent()}${formatEvent('status', status)}`)
    this.#ticker ??= setInterval(() => this.#onTick(), TICK_MS)
  }

  /** Is this the answer of a stream, which has no end of its own? */
  has(res: ServerResponse): boolean {
    return this.#clients.has(res)
  }

  /** Ends every stream, so that the server can close. */
  [Symbol.dispose](): void {
    this.#unsubscribe()
    clearTimeout(this.#gathering)
    for (const client of this.#clients) client.end()
  }

  #onRoutesChange(): void {
    if (this.#clients.size === 0) return
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined
      this.#send(this.#routesEvent())
    }, GATHER_MS)
  }

  #onTick(): void {
    const status = JSON.stringify(this.#status())
    if (status !== this.#lastStatus) {
      this.#lastStatus = status
      this.#send(formatEvent('status', status))
    }
    this.#ticks += 1
    if (this.#ticks % TICKS_PER_HEARTBEAT === 0) this.#send(formatEvent('heartbeat', '{}'))
  }

  #onClose(client: ServerResponse): void {
    this.#clients.delete(client)
    if (this.#clients.size > 0) return
    clearInterval(this.#ticker)
    this.#ticker = undefined
  }

  #send(event: string): void {
    for (const client of this.#clients) {
      if (client.writableLength > MAX_UNREAD_BYTES) client.destroy()
      else client.write(event)
    }
  }

  #routesEvent(): string {
    return formatEvent('routes', JSON.stringify({ version: this.#routes.version }))
  }
}

/** JSON has no raw line feeds, so one `data` line is enough. */
function formatEvent(name: string, json: string): string {
  return `event: ${name}\ndata: ${json}\n\n`
}

import type { IncomingMessage, ServerResponse } from 'node:http'

const EVENT_INTERVAL_MS = 1000

/** Says which version answered and what of the request arrived. `/version` is the version alone, to be counted. */
export function answerApi(request: IncomingMessage, response: ServerResponse, version: string): void {
  if (request.url === '/version') return send(response, 'text/plain; charset=utf-8', `${version}\n`)
  const { host, forwarded, 'user-agent': userAgent } = request.headers
  const told = Object.entries(request.headers).filter(
    ([name]) => name.startsWith('x-forwarded-') || name === 'x-real-ip',
  )
  const answer = {
    service: 'api',
    version,
    method: request.method,
    path: request.url,
    note: 'the router cut /api off the path, as the option strip=/api of this service says',
    host,
    userAgent,
    forwarding: Object.fromEntries([...(forwarded === undefined ? [] : [['forwarded', forwarded]]), ...told]),
  }
  send(response, 'application/json', `${JSON.stringify(answer, undefined, 2)}\n`)
}

export function answerHello(request: IncomingMessage, response: ServerResponse): void {
  const text = `Hello from hello.localhost: this route is for a host, not for a path. You asked for ${request.url}.\n`
  send(response, 'text/plain; charset=utf-8', text)
}

/** To those who come to the WebSocket service without one. */
export function answerWebSocketPage(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(426, { upgrade: 'websocket', connection: 'upgrade', 'content-type': 'text/plain; charset=utf-8' })
  response.end('This is a WebSocket: it sends back what you say.\n')
}

/** Server-sent events: the time, each second, until either side ends. */
export function answerEvents(_request: IncomingMessage, response: ServerResponse, leaving: AbortSignal): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  let id = 0
  const tell = (): void => {
    if (response.writableNeedDrain) return // a reader that is behind misses a second
    response.write(`id: ${++id}\ndata: ${new Date().toISOString()}\n\n`)
  }
  const timer = setInterval(tell, EVENT_INTERVAL_MS)
  const leave = (): void => {
    response.end()
  }
  leaving.addEventListener('abort', leave)
  response.once('close', () => {
    clearInterval(timer)
    leaving.removeEventListener('abort', leave)
  })
  response.write('retry: 2000\n\n')
  tell()
}

function send(response: ServerResponse, type: string, text: string): void {
  response.writeHead(200, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  })
  response.end(text)
}

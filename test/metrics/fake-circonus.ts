import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { buffer } from 'node:stream/consumers'

/** A request that came, its JSON body read. */
export interface CirconusRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

export interface FakeCirconus extends AsyncDisposable {
  readonly url: string
  readonly requests: readonly CirconusRequest[]
  /** Resolves with the requests of this method once there are that many. */
  received(method: string, count: number): Promise<CirconusRequest[]>
}

type Answer = (request: CirconusRequest) => { readonly status?: number; readonly body: unknown } | undefined

export function circonusFixture(name: string): string {
  return readFileSync(new URL(`fixtures/circonus/${name}`, import.meta.url), 'utf8')
}

/** An HTTP server that plays Circonus: `answer` says what to each request, undefined is a 404. With `tls`, a broker. */
export async function startFakeCirconus(
  answer: Answer,
  options: { readonly tls?: boolean; readonly socketPath?: string } = {},
): Promise<FakeCirconus> {
  const requests: CirconusRequest[] = []
  const onRequest: RequestListener = (message, response) => {
    void handle(message, response)
  }
  const handle = async (message: IncomingMessage, response: ServerResponse) => {
    const text = (await buffer(message)).toString()
    const url = new URL(message.url ?? '', 'http://x')
    const body: unknown = text === '' ? undefined : JSON.parse(text)
    const request = {
      method: message.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: message.headers,
      body,
    }
    requests.push(request)
    const { status = 200, body: answerBody } = answer(request) ?? { status: 404, body: { message: 'not found' } }
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answerBody))
    server.emit('handled')
  }
  const server =
    options.tls === true
      ? createTlsServer({ key: circonusFixture('broker-key.pem'), cert: circonusFixture('broker.pem') }, onRequest)
      : createServer(onRequest)
  server.listen(options.socketPath === undefined ? { port: 0, host: '127.0.0.1' } : { path: options.socketPath })
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `${options.tls === true ? 'https' : 'http'}://127.0.0.1:${port}`,
    requests,
    async received(method, count) {
      const of = () => requests.filter(request => request.method === method)
      while (of().length < count) await once(server, 'handled')
      return of()
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

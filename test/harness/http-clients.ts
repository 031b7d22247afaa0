import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'

export interface Asked {
  readonly method?: string
  readonly path?: string
  readonly host?: string
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string
  readonly trailers?: Readonly<Record<string, string>>
}

export interface Answer {
  readonly status: number
  /** Lower-case names; lines of one name joined, but for Set-Cookie. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  readonly trailers: Readonly<Record<string, string | string[] | undefined>>
  readonly interim: readonly number[]
}

export type Ask = (asked: Asked) => Promise<Answer>

/** Asks over HTTP/1.1, each time on a connection of its own. */
export function askHttp1(port: number): Ask {
  return async ({ method = 'GET', path = '/', host, headers = {}, body, trailers }) => {
    const request = http.request({
      port,
      method,
      path,
      agent: false,
      headers: {
        ...headers,
        ...(host === undefined ? {} : { host }),
        ...(trailers === undefined ? {} : { trailer: Object.keys(trailers).join(', ') }),
      },
    })
    const interim: number[] = []
    request.on('information', ({ statusCode }) => interim.push(statusCode))
    if (trailers !== undefined) request.addTrailers(trailers)
    // Written before the end, it has no length unless the test says one.
    if (body !== undefined) request.write(body)
    request.end()
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    let text = ''
    for await (const piece of response) text += (piece as Buffer).toString('latin1')
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      body: text,
      trailers: response.trailers,
      interim,
    }
  }
}

/** Asks over one HTTP/2 connection. */
export class Http2Client implements Disposable {
  readonly session: http2.ClientHttp2Session
  readonly ask: Ask

  constructor(url: string, options: http2.SecureClientSessionOptions = {}) {
    this.session = http2.connect(url, options)
    this.session.on('error', () => {})
    this.ask = asked => ask(this.session, asked)
  }

  [Symbol.dispose](): void {
    this.session.destroy()
  }
}

async function ask(session: http2.ClientHttp2Session, asked: Asked): Promise<Answer> {
  const { method = 'GET', path = '/', host, headers = {}, body, trailers } = asked
  const fields = { ':method': method, ':path': path, ...(host === undefined ? {} : { ':authority': host }), ...headers }
  const stream = session.request(fields, { endStream: body === undefined, waitForTrailers: trailers !== undefined })
  stream.on('wantTrailers', () => stream.sendTrailers({ ...trailers }))
  if (body !== undefined) stream.end(body)
  const interim: number[] = []
  let seen: http2.IncomingHttpHeaders = {}
  stream.on('headers', ({ ':status': status }) => interim.push(Number(status)))
  stream.on('trailers', fields => {
    seen = fields
  })
  const [{ ':status': status, ...answered }] = (await once(stream, 'response')) as [
    http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader,
  ]
  let text = ''
  for await (const piece of stream) text += (piece as Buffer).toString('latin1')
  return { status: status ?? 0, headers: answered, body: text, trailers: { ...seen }, interim }
}

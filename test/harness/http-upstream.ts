import { type RawUpstream, startRawUpstream, type UpstreamConnection } from './raw-upstream.ts'

/** A whole request as an upstream got it. Texts are Latin-1. */
export interface UpstreamRequest {
  readonly connection: UpstreamConnection
  readonly method: string
  readonly target: string
  /** From the request line to the empty line. */
  readonly head: string
  readonly body: string
  /** The lines behind the last chunk. */
  readonly trailers: string
  header(name: string): string | undefined
  /** Sends bytes as they are. */
  send(bytes: string): void
}

export interface HttpUpstream extends RawUpstream {
  readonly requests: UpstreamRequest[]
}

/**
 * An upstream that reads requests strictly, by code that shares nothing with the router's, and does with each whole one what the
 * test says. A request it cannot read ends the connection and the test that looks at `requests`.
 */
export async function startHttpUpstream(onRequest: (request: UpstreamRequest) => void): Promise<HttpUpstream> {
  const requests: UpstreamRequest[] = []
  const unread = new Map<UpstreamConnection, string>()
  const upstream = await startRawUpstream((connection, piece) => {
    let rest = (unread.get(connection) ?? '') + piece
    for (;;) {
      const found = readRequest(rest)
      if (found === undefined) break
      rest = found.rest
      const request = {
        ...found.request,
        connection,
        send: (bytes: string) => connection.socket.write(bytes, 'latin1'),
      }
      requests.push(request)
      onRequest(request)
    }
    unread.set(connection, rest)
  })
  return { ...upstream, requests, [Symbol.asyncDispose]: () => upstream[Symbol.asyncDispose]() }
}

type ReadRequest = Omit<UpstreamRequest, 'connection' | 'send'>

function readRequest(text: string): { request: ReadRequest; rest: string } | undefined {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd === -1) return undefined
  const head = text.slice(0, headEnd + 4)
  const behind = text.slice(headEnd + 4)
  const line = /^(\S+) (\S+) HTTP\/1\.1\r\n/.exec(head)
  if (line === null) throw new Error(`not a request head: ${JSON.stringify(head)}`)
  const headers = new Map(
    head
      .split('\r\n')
      .slice(1, -2)
      .map(header => [
        header.slice(0, header.indexOf(':')).toLowerCase(),
        header.slice(header.indexOf(':') + 1).trim(),
      ]),
  )
  const body = headers.has('transfer-encoding')
    ? readChunks(behind)
    : readLength(behind, Number(headers.get('content-length') ?? 0))
  if (body === undefined) return undefined
  const [, method = '', target = ''] = line
  const { content, trailers, rest } = body
  const header = (name: string): string | undefined => headers.get(name.toLowerCase())
  return { request: { method, target, head, body: content, trailers, header }, rest }
}

interface ReadBody {
  readonly content: string
  readonly trailers: string
  readonly rest: string
}

function readLength(text: string, length: number): ReadBody | undefined {
  if (text.length < length) return undefined
  return { content: text.slice(0, length), trailers: '', rest: text.slice(length) }
}

/** Decodes a chunked body, of requests and answers alike; undefined while it is not whole. */
export function readChunks(text: string): ReadBody | undefined {
  let at = 0
  let content = ''
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd === -1) return undefined
    const size = text.slice(at, lineEnd)
    if (!/^[0-9a-f]+$/.test(size)) throw new Error(`not a chunk size: ${JSON.stringify(size)}`)
    const length = Number.parseInt(size, 16)
    at = lineEnd + 2
    if (length === 0) break
    if (text.length < at + length + 2) return undefined
    content += text.slice(at, at + length)
    if (text.slice(at + length, at + length + 2) !== '\r\n') throw new Error('a chunk does not end where it says')
    at += length + 2
  }
  if (text.startsWith('\r\n', at)) return { content, trailers: '', rest: text.slice(at + 2) }
  const end = text.indexOf('\r\n\r\n', at)
  if (end === -1) return undefined
  return { content, trailers: text.slice(at, end + 2), rest: text.slice(end + 4) }
}

// A yardstick: what a proxy on Node's own HTTP server and undici's client costs. Not a proxy to use.

import { createServer } from 'node:http'
import { Pool } from 'undici'

const [proxyPort, upstreamPort] = process.argv.slice(2).map(Number)
const pool = new Pool(`http://127.0.0.1:${upstreamPort}`, {
  connections: 512,
  pipelining: 1,
  allowH2: false,
  bodyTimeout: 0,
  headersTimeout: 0,
})
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'proxy-connection',
])

const server = createServer((request, response) => {
  const headers: string[] = []
  const raw = request.rawHeaders
  for (let i = 0; i < raw.length; i += 2) if (!HOP_BY_HOP.has(raw[i]!.toLowerCase())) headers.push(raw[i]!, raw[i + 1]!)
  const address = request.socket.remoteAddress ?? ''
  const host = request.headers.host ?? ''
  headers.push(
    'X-Forwarded-For',
    address,
    'X-Real-Ip',
    address,
    'X-Forwarded-Proto',
    'http',
    'X-Forwarded-Port',
    '80',
    'X-Forwarded-Host',
    host,
  )
  headers.push('Forwarded', `for=${address}; proto=http; by=127.0.0.1; httpproto=http/1.1`)
  const hasBody = request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined
  pool.dispatch(
    { path: request.url ?? '/', method: request.method as 'GET', headers, body: hasBody ? request : null },
    {
      onRequestStart() {},
      onResponseStart(_controller, statusCode, headers, statusMessage) {
        const kept = Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name))
        response.writeHead(statusCode, statusMessage ?? '', Object.fromEntries(kept))
      },
      onResponseData(controller, chunk) {
        if (!response.write(chunk)) {
          controller.pause()
          response.once('drain', () => controller.resume())
        }
      },
      onResponseEnd() {
        response.end()
      },
      onResponseError() {
        response.destroy()
      },
    },
  )
})
server.keepAliveTimeout = 0
server.listen(proxyPort, '127.0.0.1', 8192)

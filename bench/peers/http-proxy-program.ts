// A yardstick: the package http-proxy, which most proxies on Node are made of. Its owner has left it (docs/decisions.md).

import { Agent, createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { Duplex } from 'node:stream'

interface HttpProxy {
  web(request: unknown, response: { destroy(): void }, options: object, onError: () => void): void
  ws(request: unknown, socket: Duplex, head: Buffer, options: object, onError: () => void): void
}

const httpProxy = createRequire(import.meta.url)('http-proxy') as { createProxyServer(options: object): HttpProxy }
const [proxyPort, upstreamPort, echoPort] = process.argv.slice(2).map(Number)
const agent = new Agent({ keepAlive: true, maxSockets: 512 })
const proxy = httpProxy.createProxyServer({ target: `http://127.0.0.1:${upstreamPort}`, xfwd: true, agent })
const server = createServer((request, response) => proxy.web(request, response, {}, () => response.destroy()))
server.on('upgrade', (request, socket, head) => {
  proxy.ws(request, socket, head, { target: `http://127.0.0.1:${echoPort}`, agent: undefined }, () => socket.destroy())
})
server.keepAliveTimeout = 0
server.listen(proxyPort, '127.0.0.1', 8192)

import { once } from 'node:events'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import type { Log } from '../log/log.ts'
import { answerApi, answerEvents, answerHello, answerWebSocketPage } from './demo-answers.ts'
import { answerLandingPage } from './landing-page.ts'
import { serveWebSocketEcho } from './websocket-echo.ts'

export interface DemoOptions {
  /** `host:port` of the registry the services register with, over HTTP like anybody else. */
  readonly registryAddr: string
  /** Where the router will listen, `http://localhost:9999`: for the links of the landing page and the host route. */
  readonly proxyUrl: string
  readonly uiUrl: string
  /** `host:port` of the router's TCP listener. undefined: there is none, and no TCP service is registered. */
  readonly tcpAddress: string | undefined
  readonly log: Log
}

interface Demo {
  readonly id: string
  readonly name: string
  readonly tags: readonly string[]
  /** How the registry is to see whether it is well. */
  readonly check: 'http' | 'tcp'
  readonly server: Server
}

const MAX_CONNECTIONS = 256
const IDLE_TCP_MS = 5 * 60_000
const REGISTRY_TIMEOUT_MS = 5000

/**
 * A handful of services worth routing to, each on a free port of 127.0.0.1. Resolves when all are registered, and
 * rejects when the registry does not take one; deregisters them when it ends.
 */
export async function startDemoServices(options: DemoOptions): Promise<AsyncDisposable> {
  const leaving = new AbortController()
  const demos = createDemos(options, leaving.signal)
  const sockets = new Set<Socket>()
  const stop = async (): Promise<void> => {
    leaving.abort() // WebSockets and event streams end by themselves, with a word of farewell
    await Promise.all(demos.map(demo => deregister(options, demo)))
    await Promise.all(demos.map(({ server }) => close(server, sockets)))
  }
  try {
    for (const demo of demos) {
      demo.server.on('connection', (socket: Socket) => {
        sockets.add(socket)
        socket.once('close', () => sockets.delete(socket))
      })
      demo.server.listen(0, '127.0.0.1')
      await once(demo.server, 'listening')
      await register(options, demo)
    }
  } catch (cause) {
    await stop()
    throw cause
  }
  return { [Symbol.asyncDispose]: stop }
}

function createDemos(options: DemoOptions, leaving: AbortSignal): readonly Demo[] {
  const { port } = new URL(options.proxyUrl)
  // A browser says the port in its Host header, and Fabio matches a host with its port.
  const helloTags = ['urlprefix-hello.localhost/', ...(port === '' ? [] : [`urlprefix-hello.localhost:${port}/`])]
  const websocket = createHttp(answerWebSocketPage)
  websocket.on('upgrade', (request, socket, head) => serveWebSocketEcho(request, socket, head, leaving))
  const api = (version: string): Server => createHttp((request, response) => answerApi(request, response, version))
  const events = createHttp((request, response) => answerEvents(request, response, leaving))
  const welcome = createHttp((request, response) => answerLandingPage(request, response, options))
  const demos: Demo[] = [
    {
      id: 'api-1',
      name: 'api',
      tags: ['urlprefix-/api strip=/api weight=0.8', 'v1'],
      check: 'http',
      server: api('v1'),
    },
    {
      id: 'api-2',
      name: 'api',
      tags: ['urlprefix-/api strip=/api weight=0.2', 'v2'],
      check: 'http',
      server: api('v2'),
    },
    { id: 'hello', name: 'hello', tags: helloTags, check: 'http', server: createHttp(answerHello) },
    { id: 'ws', name: 'ws', tags: ['urlprefix-/ws'], check: 'http', server: websocket },
    { id: 'events', name: 'events', tags: ['urlprefix-/events'], check: 'http', server: events },
    { id: 'welcome', name: 'welcome', tags: ['urlprefix-/'], check: 'http', server: welcome },
  ]
  if (options.tcpAddress !== undefined) {
    const tcpPort = options.tcpAddress.slice(options.tcpAddress.lastIndexOf(':') + 1)
    const tags = [`urlprefix-:${tcpPort} proto=tcp`]
    demos.push({ id: 'echo', name: 'echo', tags, check: 'tcp', server: createTcpEcho() })
  }
  return demos
}

function createHttp(listener: RequestListener): Server {
  const server = createHttpServer((request, response) => {
    request.resume() // no demo reads a body
    if (request.url === '/health') response.end('OK\n')
    else listener(request, response)
  })
  server.maxConnections = MAX_CONNECTIONS
  return server
}

function createTcpEcho(): Server {
  const server = createTcpServer({ allowHalfOpen: true }, socket => {
    socket.setTimeout(IDLE_TCP_MS, () => socket.destroy())
    socket.on('error', () => socket.destroy())
    socket.pipe(socket) // at the client's end of file, what is left is sent, then ours
  })
  server.maxConnections = MAX_CONNECTIONS
  return server
}

/** Registered as passing: the service has just begun to listen in this very process, and the route should not wait. */
async function register(options: DemoOptions, demo: Demo): Promise<void> {
  const { port } = demo.server.address() as AddressInfo
  const address = `127.0.0.1:${port}`
  const probe = demo.check === 'tcp' ? { TCP: address } : { HTTP: `http://${address}/health` }
  const body = JSON.stringify({
    ID: demo.id,
    Name: demo.name,
    Tags: demo.tags,
    Address: '127.0.0.1',
    Port: port,
    Check: { ...probe, Interval: '2s', Timeout: '1s', Status: 'passing' },
  })
  await callRegistry(options, 'register', body)
}

async function deregister(options: DemoOptions, demo: Demo): Promise<void> {
  try {
    await callRegistry(options, `deregister/${demo.id}`, '')
  } catch (cause) {
    // The registry may be gone already, and then there is nothing to take back.
    options.log.debug(`dev: cannot deregister ${demo.id}: ${String(cause)}`)
  }
}

async function callRegistry(options: DemoOptions, call: string, body: string): Promise<void> {
  const url = `http://${options.registryAddr}/v1/agent/service/${call}`
  const reply = await fetch(url, { method: 'PUT', body, signal: AbortSignal.timeout(REGISTRY_TIMEOUT_MS) })
  const text = await reply.text()
  if (!reply.ok) throw new Error(`PUT ${url}: ${reply.status} ${text}`)
}

async function close(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  if (!server.listening) return
  const closed = once(server, 'close')
  server.close()
  for (const socket of sockets) socket.destroySoon()
  await closed
}

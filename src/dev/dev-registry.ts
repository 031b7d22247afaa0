import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Log } from '../log/log.ts'
import { Agent } from './agent.ts'
import { agentEndpoints } from './agent-api.ts'
import { ApiHandler } from './api-handler.ts'
import { Catalog } from './catalog.ts'
import { catalogEndpoints } from './catalog-api.ts'
import { codeOf } from './dial-failure.ts'
import { healthEndpoints } from './health-api.ts'
import { kvEndpoint } from './kv-api.ts'
import { KvStore } from './kv-store.ts'
import { CONSUL_VERSION, createNodeIdentity, NODE_HEALTH, SERVER_PORT } from './node-view.ts'
import type { ServiceDefinition } from './service-definition.ts'
import { StateIndex } from './state-index.ts'

export interface DevRegistryOptions {
  readonly host: string
  /** The first port to try; the next free one is taken. 0: any. */
  readonly port: number
  readonly log: Log
  /** The three below are the agent's, in milliseconds; left out, they are Consul's defaults. */
  readonly checkUpdateIntervalMs?: number
  readonly checkReapIntervalMs?: number
  readonly checkDeregisterIntervalMinMs?: number
}

export interface DevRegistry extends AsyncDisposable {
  /** `host:port`, as registry.consul.addr wants it. */
  readonly addr: string
  readonly url: string
}

const MAX_PORTS_TRIED = 100
const MAX_CONNECTIONS = 1024

/**
 * A registry in memory that speaks the part of Consul's HTTP API which registering services and this router need, with
 * checks that really run. Resolves when it listens; rejects when no port is free. What it knows ends with it.
 */
export async function startDevRegistry(options: DevRegistryOptions): Promise<DevRegistry> {
  const { log } = options
  const state = new StateIndex()
  const node = createNodeIdentity()
  const catalog = new Catalog(state)
  catalog.register(CONSUL_ITSELF, [NODE_HEALTH])
  const agent = new Agent(catalog, {
    checkUpdateIntervalMs: options.checkUpdateIntervalMs ?? 5 * 60_000,
    checkReapIntervalMs: options.checkReapIntervalMs ?? 30_000,
    checkDeregisterIntervalMinMs: options.checkDeregisterIntervalMinMs ?? 60_000,
    log,
  })
  const endpoints = [
    ...agentEndpoints(agent, node),
    ...catalogEndpoints(catalog, node),
    ...healthEndpoints(catalog, node),
    kvEndpoint(new KvStore(state)),
  ]
  const handler = new ApiHandler(endpoints, { state, log })
  const server = createServer((request, response) => void handler.handle(request, response))
  server.maxConnections = MAX_CONNECTIONS
  server.headersTimeout = 10_000
  server.requestTimeout = 30_000 // to send a request; a blocking query waits after that
  server.keepAliveTimeout = 75_000 // longer than a client's pool keeps a connection, so that none is closed as it is used
  try {
    await listen(server, options.host, options.port)
  } catch (cause) {
    agent[Symbol.dispose]()
    throw cause
  }

  const { port } = server.address() as AddressInfo
  const addr = `${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`
  return {
    addr,
    url: `http://${addr}`,
    async [Symbol.asyncDispose]() {
      agent[Symbol.dispose]()
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections() // those who wait in a blocking query; nothing here is worth waiting for
      await closed
    },
  }
}

/** Every Consul has this service; tools that list services expect it. */
const CONSUL_ITSELF: ServiceDefinition = {
  id: 'consul',
  name: 'consul',
  tags: [],
  address: '',
  taggedAddresses: new Map(),
  meta: new Map([
    ['non_voter', 'false'],
    ['raft_version', '3'],
    ['serf_protocol_current', '2'],
    ['serf_protocol_max', '5'],
    ['serf_protocol_min', '1'],
    ['version', CONSUL_VERSION],
  ]),
  port: SERVER_PORT,
  passingWeight: 1,
  warningWeight: 1,
  enableTagOverride: false,
}

async function listen(server: Server, host: string, firstPort: number): Promise<void> {
  for (let port = firstPort; ; port++) {
    const listening = once(server, 'listening')
    server.listen({ host, port })
    try {
      await listening
      return
    } catch (cause) {
      const isLast = port === 0 || port >= Math.min(firstPort + MAX_PORTS_TRIED - 1, 65535)
      if (codeOf(cause) !== 'EADDRINUSE' || isLast) throw cause
    }
  }
}

import { once } from 'node:events'
import { createServer, get, type Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConsulAgent } from './consul-agent.ts'
import type { ConsulRelay } from './consul-relay.ts'
import type { NetworkPath } from './network-path.ts'
import { until } from './until.ts'

/** As many services as the brake of the default configuration looks at, and some more. */
const SERVICES = 14
/** However slow the machine is. */
const REQUESTS_A_FAULT = 150
export const ROUTER_TOKEN = '55555555-6666-7777-8888-999999999999'
const MASTER_TOKEN = '11111111-2222-3333-4444-555555555555'
const RIGHTS =
  'agent_prefix "" { policy = "read" } node_prefix "" { policy = "read" } service_prefix "" { policy = "read" } key_prefix "" { policy = "read" }'

/** For startConsulAgent(): an agent that asks for tokens. */
export const CHAOS_AGENT = {
  token: MASTER_TOKEN,
  config: { acl: { enabled: true, default_policy: 'deny', tokens: { master: MASTER_TOKEN, agent: MASTER_TOKEN } } },
} as const

export interface Chaos {
  readonly consul: ConsulAgent
  readonly relay: ConsulRelay
  readonly services: ChaosServices
  /** How long a fault lasts at least. */
  readonly faultMs: number
}

interface ChaosUnderLoad extends Chaos {
  /** While the fault lasts: its time, and requests enough to tell. */
  readonly last: () => Promise<void>
}

export interface ChaosStep {
  readonly title: string
  /** Breaks something, waits, and mends it. */
  readonly run: (chaos: ChaosUnderLoad) => Promise<void>
}

const during =
  (mode: Parameters<ConsulRelay['set']>[0]) =>
  async ({ relay, last }: ChaosUnderLoad) => {
    relay.set(mode)
    await last()
    relay.set({ kind: 'pass' })
  }

function answer(status: string, body: string): Parameters<ConsulRelay['set']>[0] {
  const head = `HTTP/1.1 ${status}\r\nX-Consul-Index: 7\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`
  return { kind: 'answer', bytes: head + body }
}

export const CHAOS_STEPS: readonly ChaosStep[] = [
  {
    title: 'kill -9',
    async run({ consul, last }) {
      await consul.kill('SIGKILL')
      await last()
      await consul.start()
    },
  },
  {
    title: 'kill -9, back without its data, so the index begins anew',
    async run({ consul, services, faultMs, last }) {
      await consul.kill('SIGKILL')
      await consul.forgetData()
      await last()
      await consul.start()
      await createRouterToken(consul)
      // For a moment there is a Consul without a single service; shorter than registry.brake.grace.
      await sleep(Math.min(faultMs / 2, 10_000))
      await services.registerAll({ apartMs: 50 })
    },
  },
  {
    title: 'SIGSTOP',
    async run({ consul, last }) {
      consul.signal('SIGSTOP')
      await last()
      consul.signal('SIGCONT')
    },
  },
  { title: 'partition that ends connections', run: during({ kind: 'drop' }) },
  { title: 'partition in which everything is lost', run: during({ kind: 'blackhole' }) },
  {
    title: 'the token is revoked',
    async run({ consul, last }) {
      await consul.delete(`/v1/acl/token/${await routerTokenId(consul)}`)
      await last()
      await createRouterToken(consul)
    },
  },
  {
    title: 'the token may see nothing any more, and lists are empty',
    async run({ consul, last }) {
      const id = await routerTokenId(consul)
      await consul.put(`/v1/acl/token/${id}`, { AccessorID: id, SecretID: ROUTER_TOKEN, Policies: [] })
      await last()
      await consul.put(`/v1/acl/token/${id}`, {
        AccessorID: id,
        SecretID: ROUTER_TOKEN,
        Policies: [{ Name: 'router' }],
      })
    },
  },
  { title: 'slow answers', run: during({ kind: 'slow', ms: 400 }) },
  { title: 'answers with 500', run: during(answer('500 Internal Server Error', 'No cluster leader')) },
  { title: 'answers that end in the middle', run: during({ kind: 'cut' }) },
  { title: 'garbage', run: during(answer('200 OK', '<html>\u0000{[')) },
  { title: 'other JSON', run: during(answer('200 OK', '{"Errors":[null]}')) },
  { title: 'empty lists', run: during(answer('200 OK', '[]')) },
]

/** The packets of the router and of Consul are lost, by the kernel. Where `NetworkPath.refusal()` says nothing. */
export function partitionOf(network: NetworkPath): ChaosStep {
  return {
    title: PARTITION,
    async run({ last }) {
      await network.part()
      await last()
      await network.mend()
    },
  }
}

export const PARTITION = 'partition of the network (a namespace without a link)'

async function routerTokenId(consul: ConsulAgent): Promise<string> {
  const tokens = (await consul.get('/v1/acl/tokens')) as { AccessorID: string; Description: string }[]
  const token = tokens.find(({ Description }) => Description === 'router')
  if (token === undefined) throw new Error('the router has no token')
  return token.AccessorID
}

/** Also when there is one, or when Consul has forgotten it. */
export async function createRouterToken(consul: ConsulAgent): Promise<void> {
  const policies = (await consul.get('/v1/acl/policies')) as { Name: string }[]
  if (!policies.some(({ Name }) => Name === 'router'))
    await consul.put('/v1/acl/policy', { Name: 'router', Rules: RIGHTS })
  await consul.put('/v1/acl/token', { SecretID: ROUTER_TOKEN, Description: 'router', Policies: [{ Name: 'router' }] })
}

/** Services of one server, each with a path of its own, and a check that really runs. */
export class ChaosServices implements AsyncDisposable {
  readonly #consul: ConsulAgent
  readonly #server: Server = createServer((_request, response) => response.end('ok'))
  readonly #names: string[] = []
  #count = 0

  constructor(consul: ConsulAgent) {
    this.#consul = consul
  }

  /** The paths of services that are up. */
  get paths(): readonly string[] {
    return this.#names.map(name => `/${name}`)
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    for (let i = 0; i < SERVICES; i++) await this.add()
    return this
  }

  /** One service more; its name is told before it is registered. */
  async add(onName: (name: string) => void = () => {}): Promise<string> {
    const name = `svc-${this.#count++}`
    onName(name)
    await this.#register(name)
    this.#names.push(name)
    return name
  }

  /** One service less: it is out of the registry, and no longer among the paths. */
  async remove(): Promise<string> {
    const name = this.#names.shift() ?? ''
    await this.#consul.put(`/v1/agent/service/deregister/${name}`)
    return name
  }

  /** Those that are up, one after the other, as a registrator does when it finds them missing. */
  async registerAll({ apartMs }: { readonly apartMs: number }): Promise<void> {
    for (const name of this.#names) {
      await this.#register(name)
      await sleep(apartMs)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  async #register(name: string): Promise<void> {
    const address = this.#server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await this.#consul.put('/v1/agent/service/register', {
      Name: name,
      Address: '127.0.0.1',
      Port: port,
      Tags: [`urlprefix-/${name}`],
      // An agent that is stopped in the midst of a check must not find later that it took too long.
      Check: { HTTP: `http://127.0.0.1:${port}/`, Interval: '1s', Timeout: '5m', Status: 'passing' },
    })
  }
}

export interface StepReport {
  readonly title: string
  readonly requests: number
  readonly failures: readonly string[]
  /** From the end of the fault until a change made after it is served, in milliseconds. */
  readonly recoveryMs: number
}

/** Runs one step under load, and then a change: one service comes, another goes. */
export async function runChaosStep(
  step: ChaosStep,
  chaos: Chaos,
  router: { url: string; uiUrl: string },
): Promise<StepReport> {
  const { services } = chaos
  const load = new ChaosLoad(router.url, () => services.paths)
  const running = load.run()
  try {
    const last = async (): Promise<void> => {
      await Promise.all([sleep(chaos.faultMs), load.during(step.title)])
    }
    await step.run({ ...chaos, last })
    const mendedAt = performance.now()
    const gone = await services.remove()
    const come = await services.add(name => load.spare(name))
    const table = async (): Promise<string> => (await fetch(`${router.uiUrl}/api/routes?raw`)).text()
    await until(
      `routes are right after: ${step.title}`,
      async () => {
        const routes = await table()
        return routes.includes(` /${come} `) && !routes.includes(` /${gone} `)
      },
      90_000,
    )
    return { title: step.title, ...load.report(), recoveryMs: performance.now() - mendedAt }
  } finally {
    load.stop()
    await running
  }
}

/** One request after the other, to each path in turn. */
class ChaosLoad {
  readonly #url: string
  readonly #paths: () => readonly string[]
  readonly #failures: string[] = []
  #requests = 0
  #isRunning = true
  #fresh = ''

  constructor(url: string, paths: () => readonly string[]) {
    this.#url = url
    this.#paths = paths
  }

  async run(): Promise<void> {
    while (this.#isRunning) {
      for (const path of this.#paths()) {
        // What has just been registered is not up until it is routed.
        if (path === `/${this.#fresh}`) continue
        this.#requests++
        const outcome = await this.#ask(path)
        if (outcome !== '200' && this.#paths().includes(path)) this.#failures.push(`${path}: ${outcome}`)
      }
      await sleep(5)
    }
  }

  /** Resolves when so many requests more have been made that a fault would show. */
  async during(title: string): Promise<void> {
    const enough = this.#requests + REQUESTS_A_FAULT
    await until(`${REQUESTS_A_FAULT} requests during: ${title}`, () => this.#requests >= enough, 90_000)
  }

  spare(name: string): void {
    this.#fresh = name
  }

  stop(): void {
    this.#isRunning = false
  }

  report(): { requests: number; failures: readonly string[] } {
    return { requests: this.#requests, failures: this.#failures }
  }

  #ask(path: string): Promise<string> {
    return new Promise(resolve => {
      get(`${this.#url}${path}`, response => {
        response.resume()
        response.on('end', () => resolve(String(response.statusCode)))
        response.on('error', cause => resolve(cause.message))
      }).on('error', cause => resolve(cause.message))
    })
  }
}

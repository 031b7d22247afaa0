import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConsulAgent } from './consul-agent.ts'
import { until } from './until.ts'

export interface RollingDeployOptions {
  readonly consul: ConsulAgent
  /** Of the router's HTTP listener. */
  readonly url: string
  readonly uiUrl: string
  /** How many instances are replaced; every second one is killed, the others stop in order. */
  readonly replacements: number
  readonly onReplaced?: (count: number) => void
}

export interface DeployReport {
  readonly replaced: number
  readonly gets: number
  readonly posts: number
  /** What each failed request said. */
  readonly failedGets: readonly string[]
  readonly failedPosts: readonly string[]
  /** Orders that were carried out more than once. */
  readonly doubled: readonly string[]
  /** Orders that the client was told were done, and no instance has done. */
  readonly lost: readonly string[]
}

const INSTANCES = 3
const GET_LOOPS = 8
const POST_LOOPS = 4
/** Between two replacements, however slow the machine is. */
const MORE = { gets: 55, posts: 27 }
const PATH = '/shop'

/** Replaces the instances of a service one after the other, through Consul, under constant load. */
export async function rollInstances(options: RollingDeployOptions): Promise<DeployReport> {
  const directory = await mkdtemp(join(tmpdir(), 'deploy-'))
  const orders = join(directory, 'orders')
  const instances: DeployedInstance[] = []
  const load = new Load(`${options.url}${PATH}`)
  try {
    const start = async (number: number): Promise<void> => {
      const instance = await DeployedInstance.start(`shop-${number}`, orders, options.consul)
      instances.push(instance)
      await until(`${instance.name} is routed`, async () =>
        (await (await fetch(`${options.uiUrl}/api/routes?raw`)).text()).includes(`:${instance.port}/`),
      )
    }
    for (let i = 0; i < INSTANCES; i++) await start(i)
    load.start()
    for (let i = 0; i < options.replacements; i++) {
      await start(INSTANCES + i)
      await load.untilMore()
      const old = instances.shift()
      if (i % 2 === 0) await old?.kill()
      else await old?.stop()
      options.onReplaced?.(i + 1)
    }
    await sleep(200)
    await load.stop()
    const done = (await readFile(orders, 'utf8')).split('\n').map(line => line.split(' ')[0] ?? '')
    return { replaced: options.replacements, ...load.report(done.filter(order => order !== '')) }
  } finally {
    await load.stop()
    for (const instance of instances) await instance[Symbol.asyncDispose]()
    await rm(directory, { recursive: true, force: true })
  }
}

/** A process, and its registration. */
class DeployedInstance implements AsyncDisposable {
  readonly name: string
  readonly port: number
  readonly #child: ChildProcess
  readonly #consul: ConsulAgent
  readonly #exited: Promise<unknown>

  private constructor(name: string, port: number, child: ChildProcess, consul: ConsulAgent) {
    this.name = name
    this.port = port
    this.#child = child
    this.#consul = consul
    this.#exited = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : Promise.resolve()
  }

  static async start(name: string, file: string, consul: ConsulAgent): Promise<DeployedInstance> {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'instance-process.ts'), name, file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    const instance = new DeployedInstance(name, Number(line.toString()), child, consul)
    await consul.put('/v1/agent/service/register', {
      ID: name,
      Name: 'shop',
      Address: '127.0.0.1',
      Port: instance.port,
      Tags: [`urlprefix-${PATH}`],
      Check: { HTTP: `http://127.0.0.1:${instance.port}/`, Interval: '1s', Timeout: '1s', Status: 'passing' },
    })
    return instance
  }

  /** Gone without a word; the registry hears of it later. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
    await sleep(100 + Math.random() * 400)
    await this.#deregister()
  }

  /** Out of the registry first, then it stops taking requests and ends with the last of them. */
  async stop(): Promise<void> {
    await this.#deregister()
    await this.#end('SIGTERM')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end('SIGKILL')
  }

  async #deregister(): Promise<void> {
    await this.#consul.put(`/v1/agent/service/deregister/${this.name}`)
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(signal)
    await this.#exited
  }
}

/** Requests over kept connections, without a longer pause than a few milliseconds. */
class Load {
  readonly #url: string
  readonly #agent = new Agent({ keepAlive: true, maxSockets: GET_LOOPS + POST_LOOPS })
  readonly #failedGets: string[] = []
  readonly #failedPosts: string[] = []
  readonly #confirmed: string[] = []
  #gets = 0
  #posts = 0
  #isRunning = false
  #loops: Promise<void>[] = []

  constructor(url: string) {
    this.#url = url
  }

  start(): void {
    this.#isRunning = true
    this.#loops = [
      ...Array.from({ length: GET_LOOPS }, () => this.#loop(() => this.#get())),
      ...Array.from({ length: POST_LOOPS }, () => this.#loop(() => this.#post())),
    ]
  }

  /** Resolves when there were enough requests more for a loss to show. */
  async untilMore(): Promise<void> {
    const gets = this.#gets + MORE.gets
    const posts = this.#posts + MORE.posts
    await until('the load goes on', () => this.#gets >= gets && this.#posts >= posts)
  }

  async stop(): Promise<void> {
    this.#isRunning = false
    await Promise.all(this.#loops)
    this.#agent.destroy()
  }

  report(done: readonly string[]): Omit<DeployReport, 'replaced'> {
    const seen = new Set<string>()
    const doubled = done.filter(order => seen.size === seen.add(order).size)
    return {
      gets: this.#gets,
      posts: this.#posts,
      failedGets: this.#failedGets,
      failedPosts: this.#failedPosts,
      doubled,
      lost: this.#confirmed.filter(order => !seen.has(order)),
    }
  }

  async #loop(once: () => Promise<void>): Promise<void> {
    while (this.#isRunning) {
      await once()
      await sleep(Math.random() * 4)
    }
  }

  async #get(): Promise<void> {
    this.#gets++
    const outcome = await this.#send('GET', '')
    if (outcome !== '200') this.#failedGets.push(outcome)
  }

  async #post(): Promise<void> {
    const order = `order-${this.#posts++}`
    const outcome = await this.#send('POST', order)
    if (outcome === '200') this.#confirmed.push(order)
    else this.#failedPosts.push(outcome)
  }

  /** The status, or what went wrong. */
  #send(method: 'GET' | 'POST', order: string): Promise<string> {
    return new Promise(resolve => {
      const headers = { connection: 'keep-alive', 'x-order': order, 'content-length': order.length }
      const outgoing = request(this.#url, { method, agent: this.#agent, headers }, response => {
        response.resume()
        response.on('end', () => resolve(String(response.statusCode)))
        response.on('error', cause => resolve(`${response.statusCode}, then ${cause.message}`))
      })
      outgoing.on('error', cause => resolve(cause.message))
      outgoing.end(order)
    })
  }
}

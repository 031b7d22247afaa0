import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { realPart } from './real-parts.ts'
import { findPorts } from './spawn-fabio.ts'

export interface ConsulAgentOptions {
  readonly node?: string
  /** A server to join as a client agent. Absent: the agent is a server, and the only one of its datacenter. */
  readonly join?: ConsulAgent
  /** More of Consul's configuration, for instance `acl`. */
  readonly config?: Readonly<Record<string, unknown>>
  /** For the requests of the harness. */
  readonly token?: string
}

/** A real Consul agent on free ports of 127.0.0.1. Ready: there is a leader, and the agent's node is in the catalogue. */
export async function startConsulAgent(options: ConsulAgentOptions = {}): Promise<ConsulAgent> {
  const binary = realPart('consul')
  if (binary === undefined) throw new Error('consul is not on PATH: ask realPart() before')
  const directory = await mkdtemp(join(tmpdir(), 'consul-'))
  const [http = 0, server = 0, serf = 0] = await findPorts(3)
  const agent = new ConsulAgent({
    binary,
    directory,
    node: options.node ?? `node-${http}`,
    ports: { http, server, serf },
    options,
  })
  try {
    await agent.start()
  } catch (cause) {
    await agent[Symbol.asyncDispose]()
    throw cause
  }
  return agent
}

interface AgentPlace {
  readonly binary: string
  readonly directory: string
  readonly node: string
  readonly ports: { readonly http: number; readonly server: number; readonly serf: number }
  readonly options: ConsulAgentOptions
}

export class ConsulAgent implements AsyncDisposable {
  readonly node: string
  /** `host:port` of the HTTP API. */
  readonly addr: string
  readonly serfAddr: string
  readonly #place: AgentPlace
  readonly #killOnExit = () => this.#process?.kill('SIGKILL')
  /** What a test runner sends to a test that takes too long. */
  readonly #endBySignal = (signal: NodeJS.Signals) => {
    this.#killOnExit()
    process.off(signal, this.#endBySignal)
    process.kill(process.pid, signal)
  }
  #process: ChildProcess | undefined
  #output = ''

  constructor(place: AgentPlace) {
    this.#place = place
    this.node = place.node
    this.addr = `127.0.0.1:${place.ports.http}`
    this.serfAddr = `127.0.0.1:${place.ports.serf}`
    process.on('exit', this.#killOnExit)
    for (const signal of ENDING_SIGNALS) process.on(signal, this.#endBySignal)
  }

  /** After kill(): the same agent again, with the data it had. */
  async start(): Promise<void> {
    const { binary, directory } = this.#place
    const file = join(directory, 'agent.json')
    await writeFile(file, JSON.stringify(this.#config()))
    const child = spawn(binary, ['agent', '-config-file', file], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#process = child
    const note = (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-20_000)
    }
    child.stdout.on('data', note)
    child.stderr.on('data', note)
    await this.#untilReady(child)
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const child = this.#process
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }

  /** To stop it for a while and go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#process?.kill(signal)
  }

  /** While it is not running: it will start as if for the first time. */
  async forgetData(): Promise<void> {
    await rm(join(this.#place.directory, 'data'), { recursive: true, force: true })
  }

  async get(path: string): Promise<unknown> {
    return (await this.#request('GET', path)).json()
  }

  /** A string is sent as it is, anything else as JSON. */
  async put(path: string, body: unknown = ''): Promise<string> {
    return (await this.#request('PUT', path, typeof body === 'string' ? body : JSON.stringify(body))).text()
  }

  async delete(path: string): Promise<void> {
    await this.#request('DELETE', path)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off('exit', this.#killOnExit)
    for (const signal of ENDING_SIGNALS) process.off(signal, this.#endBySignal)
    await this.kill()
    await rm(this.#place.directory, { recursive: true, force: true })
  }

  #config(): Readonly<Record<string, unknown>> {
    const { directory, node, ports, options } = this.#place
    const role =
      options.join === undefined
        ? { server: true, bootstrap: true }
        : { retry_join: [options.join.serfAddr], retry_interval: '1s' }
    return {
      ...role,
      node_name: node,
      data_dir: join(directory, 'data'),
      bind_addr: '127.0.0.1',
      client_addr: '127.0.0.1',
      ports: { http: ports.http, server: ports.server, serf_lan: ports.serf, serf_wan: -1, dns: -1, grpc: -1 },
      performance: { raft_multiplier: 1 },
      enable_local_script_checks: true,
      disable_update_check: true,
      ...options.config,
    }
  }

  async #untilReady(child: ChildProcess): Promise<void> {
    const deadline = performance.now() + 60_000
    for (;;) {
      const isReady = await this.get(`/v1/health/node/${this.node}?consistent`).then(
        checks => Array.isArray(checks) && checks.length > 0,
        () => false,
      )
      if (isReady) return
      if (child.exitCode !== null || child.signalCode !== null || performance.now() > deadline) {
        throw new Error(`consul did not start:\n${this.#output}`)
      }
      await sleep(50)
    }
  }

  async #request(method: string, path: string, body?: string): Promise<Response> {
    const token = this.#place.options.token
    const response = await fetch(`http://${this.addr}${path}`, {
      method,
      body: body ?? null,
      headers: { connection: 'close', ...(token === undefined ? {} : { 'x-consul-token': token }) },
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return response
  }
}

const ENDING_SIGNALS = ['SIGTERM', 'SIGINT'] as const

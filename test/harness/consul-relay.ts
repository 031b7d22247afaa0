import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/**
 * What the relay does with connections. `pass`: nothing. `drop`: ends them, and new ones at once. `blackhole`: nothing arrives any more in either
 * direction, and never will on the connections there are. `slow`: answers come late. `cut`: answers end in their middle. `answer`: every request
 * gets these bytes instead.
 */
export type RelayMode =
  | { readonly kind: 'pass' | 'drop' | 'blackhole' | 'cut' }
  | { readonly kind: 'slow'; readonly ms: number }
  | { readonly kind: 'answer'; readonly bytes: string }

interface Pair {
  readonly client: Socket
  readonly agent: Socket
  isDead: boolean
}

/** Stands between the router and a Consul agent, and breaks what passes. */
export class ConsulRelay implements AsyncDisposable {
  readonly #server: Server = createServer(client => this.#accept(client))
  readonly #agent: { host: string; port: number }
  readonly #pairs = new Set<Pair>()
  #mode: RelayMode = { kind: 'pass' }
  #requests = 0

  private constructor(addr: string) {
    const [host = '', port] = addr.split(':')
    this.#agent = { host, port: Number(port) }
  }

  static async start(addr: string): Promise<ConsulRelay> {
    const relay = new ConsulRelay(addr)
    relay.#server.listen(0, '127.0.0.1')
    await once(relay.#server, 'listening')
    return relay
  }

  get addr(): string {
    const address = this.#server.address()
    return `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#pairs.size
  }

  /** How many requests have passed since it was asked last, but for pings. */
  takeRequests(): number {
    const requests = this.#requests
    this.#requests = 0
    return requests
  }

  set(mode: RelayMode): void {
    this.#mode = mode
    for (const pair of this.#pairs) {
      if (mode.kind === 'blackhole') pair.isDead = true
      // What waits for an answer gets this one.
      else if (mode.kind !== 'pass' && mode.kind !== 'slow') this.#end(pair)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pair of this.#pairs) this.#end(pair)
    await new Promise(resolve => this.#server.close(resolve))
  }

  #accept(client: Socket): void {
    const pair: Pair = { client, agent: connect(this.#agent), isDead: this.#mode.kind === 'blackhole' }
    this.#pairs.add(pair)
    client.on('error', () => this.#end(pair)).on('close', () => this.#end(pair))
    pair.agent.on('error', () => this.#end(pair)).on('close', () => this.#end(pair))
    if (this.#mode.kind === 'drop') return this.#end(pair)
    client.on('data', (bytes: Buffer) => this.#fromClient(pair, bytes))
    pair.agent.on('data', (bytes: Buffer) => this.#fromAgent(pair, bytes))
  }

  #fromClient(pair: Pair, bytes: Buffer): void {
    if (pair.isDead) return
    if (this.#mode.kind === 'answer') return void pair.client.end(this.#mode.bytes)
    // One a piece: clients of Consul do not send the next request before the answer.
    const line = bytes.toString('latin1', 0, 40)
    if (/^(GET|PUT) /.test(line) && !line.includes('/v1/status/leader')) this.#requests++
    pair.agent.write(bytes)
  }

  #fromAgent(pair: Pair, bytes: Buffer): void {
    if (pair.isDead) return
    const mode = this.#mode
    if (mode.kind === 'slow') return void setTimeout(() => pair.client.writable && pair.client.write(bytes), mode.ms)
    if (mode.kind === 'cut') {
      pair.client.end(bytes.subarray(0, bytes.length / 2))
      return
    }
    pair.client.write(bytes)
  }

  #end(pair: Pair): void {
    this.#pairs.delete(pair)
    pair.client.destroy()
    pair.agent.destroy()
  }
}

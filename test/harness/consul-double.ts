import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What goes wrong with an answer. `path` is the part behind `/v1/`. */
export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly body?: string }
  | { readonly kind: 'hang' }
  /** The connection ends in the middle of the body. */
  | { readonly kind: 'truncated' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'body'; readonly body: string }
  | { readonly kind: 'index'; readonly index: string }
  | { readonly kind: 'delay'; readonly ms: number }

export interface DoubleRequest {
  readonly method: string
  /** Without the leading `/v1/`. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface DoubleInstance {
  readonly service: string
  readonly id?: string
  readonly node?: string
  readonly address?: string
  readonly port?: number
  readonly tags?: readonly string[]
  readonly status?: string
}

type Table = 'health' | 'services' | 'nodes' | 'kv'
interface Row {
  readonly CreateIndex: number
  readonly ModifyIndex: number
}

/**
 * The part of Consul's HTTP API that Fabio uses, in this process, for faults that a real agent does not have on demand. Blocking
 * queries block, and indexes move as they do in Consul.
 */
export async function startConsulDouble(): Promise<ConsulDouble> {
  const double = new ConsulDouble()
  await double.listen()
  return double
}

export class ConsulDouble implements AsyncDisposable {
  readonly requests: DoubleRequest[] = []
  /** Asked for every request. */
  fault: (request: DoubleRequest) => Fault | undefined = () => undefined
  readonly #server: Server = createServer((req, res) => void this.#serve(req, res))
  readonly #changes = new EventEmitter().setMaxListeners(0)
  readonly #checks = new Map<string, Row & Record<string, unknown>>()
  readonly #instances = new Map<
    string,
    Row & { Node: string; ServiceID: string; ServiceName: string } & Record<string, unknown>
  >()
  readonly #nodes = new Map<string, string>()
  readonly #keys = new Map<string, Row & { Value: string }>()
  readonly #registered = new Map<string, unknown>()
  readonly #indexes: Record<Table, number> = { health: 1, services: 1, nodes: 1, kv: 1 }
  #index = 10
  #connections = 0

  constructor() {
    this.#server.on('connection', () => this.#connections++)
    this.setNode('n1', '127.0.0.1')
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  get addr(): string {
    // A listening TCP server has an address of this kind.
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** The answers to blocking queries that wait now come at once, as when the fault begins in the middle of one. */
  wake(): void {
    this.#changes.emit('change')
  }

  /** How many were opened so far. */
  get connections(): number {
    return this.#connections
  }

  /** Ends every connection, also those of requests that hang. */
  dropConnections(): void {
    this.#server.closeAllConnections()
  }

  countRequests(pattern: RegExp): number {
    return this.requests.filter(({ path }) => pattern.test(path)).length
  }

  async untilRequested(pattern: RegExp): Promise<DoubleRequest> {
    for (;;) {
      const [request]: DoubleRequest[] = await once(this.#changes, 'request')
      if (request !== undefined && pattern.test(request.path)) return request
    }
  }

  /** Adds or changes a node, with a passing serfHealth. */
  setNode(node: string, address: string): void {
    this.#nodes.set(node, address)
    this.#touch('nodes')
    this.setCheck({ Node: node, CheckID: 'serfHealth', Status: 'passing', Output: 'Agent alive and reachable' })
    for (const [key, instance] of this.#instances)
      if (instance.Node === node) this.#instances.set(key, { ...instance, Address: address })
  }

  /** Registers an instance and its one check, as an agent does. */
  setInstance(instance: DoubleInstance): void {
    const { service, id = service, node = 'n1', address = '', port = 80, tags = [], status = 'passing' } = instance
    const key = `${node}/${id}`
    const index = this.#touch('services')
    this.#instances.set(key, {
      Node: node,
      Address: this.#nodes.get(node) ?? '',
      ServiceID: id,
      ServiceName: service,
      ServiceAddress: address,
      ServicePort: port,
      ServiceTags: tags,
      CreateIndex: this.#instances.get(key)?.CreateIndex ?? index,
      ModifyIndex: index,
    })
    this.setCheck({
      Node: node,
      CheckID: `service:${id}`,
      ServiceID: id,
      ServiceName: service,
      ServiceTags: tags,
      Status: status,
      Type: 'http',
    })
  }

  removeInstance(id: string, node = 'n1'): void {
    this.#touch('services')
    this.#touch('health')
    this.#instances.delete(`${node}/${id}`)
    this.#checks.delete(`${node}/service:${id}`)
    this.wake()
  }

  setCheck(check: { readonly Node: string; readonly CheckID: string; readonly [field: string]: unknown }): void {
    const key = `${check.Node}/${check.CheckID}`
    const index = this.#touch('health')
    const before = this.#checks.get(key)
    this.#checks.set(key, {
      Output: 'ok',
      ...before,
      ...check,
      CreateIndex: before?.CreateIndex ?? index,
      ModifyIndex: index,
    })
    this.wake()
  }

  setKey(key: string, value: string): void {
    const index = this.#touch('kv')
    this.#keys.set(key, { Value: value, CreateIndex: this.#keys.get(key)?.CreateIndex ?? index, ModifyIndex: index })
    this.wake()
  }

  deleteKey(key: string): void {
    this.#keys.delete(key)
    this.#touch('kv')
    this.wake()
  }

  /** What `PUT /v1/agent/service/register` left, by ID. */
  get registered(): ReadonlyMap<string, unknown> {
    return this.#registered
  }

  forgetRegistrations(): void {
    this.#registered.clear()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  #touch(table: Table): number {
    this.#index++
    this.#indexes[table] = this.#index
    return this.#index
  }

  async #serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = new URL(req.url ?? '/', 'http://double')
    let body = ''
    for await (const chunk of req) body += String(chunk)
    const path = decodeURIComponent(url.pathname.slice('/v1/'.length))
    const request: DoubleRequest = {
      method: req.method ?? '',
      path,
      query: url.searchParams,
      headers: req.headers,
      body,
    }
    this.requests.push(request)
    this.#changes.emit('request', request)
    const table = tableOf(path)
    if (table !== undefined) await this.#block(request, table, res)
    const fault = this.fault(request)
    if (fault?.kind === 'hang') return
    if (fault?.kind === 'delay') await new Promise(resolve => setTimeout(resolve, fault.ms))
    if (fault?.kind === 'reset') return void req.socket.destroy()
    if (fault?.kind === 'status') return void res.writeHead(fault.status).end(fault.body ?? 'No cluster leader')
    const answer = this.#answer(request)
    if (table !== undefined)
      res.setHeader('X-Consul-Index', fault?.kind === 'index' ? fault.index : this.#indexes[table])
    if (fault?.kind === 'body') return void res.end(fault.body)
    const text = answer.body
    if (fault?.kind !== 'truncated') return void res.writeHead(answer.status).end(text)
    res.writeHead(200, { 'content-length': text.length + 10 }).write(text.slice(0, text.length / 2))
    setTimeout(() => req.socket.destroy(), 10)
  }

  async #block({ query }: DoubleRequest, table: Table, res: ServerResponse): Promise<void> {
    const until = performance.now() + Number.parseInt(query.get('wait') ?? '300000', 10)
    while (Number(query.get('index') ?? -1) === this.#indexes[table] && performance.now() < until && !res.closed) {
      const left = AbortSignal.timeout(Math.ceil(Math.max(1, until - performance.now())))
      await Promise.race([once(this.#changes, 'change', { signal: left }), once(res, 'close')]).catch(() => undefined)
      if (this.#isFaulty(table)) return
    }
  }

  #isFaulty(table: Table): boolean {
    const last = this.requests.findLast(({ path }) => tableOf(path) === table)
    return last !== undefined && this.fault(last) !== undefined
  }

  #answer(request: DoubleRequest): { status: number; body: string } {
    const { method, path, query, body } = request
    const ok = (value: unknown) => ({ status: 200, body: JSON.stringify(value) })
    if (path === 'status/leader') return ok('127.0.0.1:8300')
    if (path === 'agent/self') return ok({ Config: { Datacenter: 'dc1', NodeName: 'n1' } })
    if (path === 'health/state/any') return ok([...this.#checks.values()])
    if (path === 'catalog/nodes') return ok([...this.#nodes].map(([Node, Address]) => ({ Node, Address })))
    if (path === 'catalog/services')
      return ok(Object.fromEntries(this.#instances.values().map(({ ServiceName }) => [ServiceName, []])))
    if (path.startsWith('catalog/service/')) {
      return ok([...this.#instances.values()].filter(({ ServiceName }) => `catalog/service/${ServiceName}` === path))
    }
    if (path === 'txn') return this.#readTransaction(body)
    if (path.startsWith('kv/'))
      return method === 'PUT' ? ok(this.#writeKey(path.slice(3), body, query)) : this.#readKeys(path.slice(3), query)
    if (path === 'agent/services') return ok(Object.fromEntries(this.#registered))
    if (path === 'agent/service/register') {
      const registration: { ID: string } = JSON.parse(body)
      this.#registered.set(registration.ID, registration)
    }
    if (path.startsWith('agent/service/deregister/'))
      this.#registered.delete(path.slice('agent/service/deregister/'.length))
    return { status: 200, body: '' }
  }

  #readTransaction(body: string): { status: number; body: string } {
    const operations: { Service: { Node: string; Service: { ID: string } } }[] = JSON.parse(body)
    const found = operations.map(({ Service }) => this.#instances.get(`${Service.Node}/${Service.Service.ID}`))
    const errors = found.flatMap((instance, OpIndex) =>
      instance === undefined ? [{ OpIndex, What: "doesn't exist" }] : [],
    )
    if (errors.length > 0) return { status: 409, body: JSON.stringify({ Results: null, Errors: errors }) }
    return {
      status: 200,
      body: JSON.stringify({ Results: found.map(instance => ({ Service: instance })), Errors: null }),
    }
  }

  #writeKey(key: string, value: string, query: URLSearchParams): boolean {
    const version = this.#keys.get(key)?.ModifyIndex ?? 0
    if (query.has('cas') && Number(query.get('cas')) !== version) return false
    this.setKey(key, value)
    return true
  }

  #readKeys(prefix: string, query: URLSearchParams): { status: number; body: string } {
    const keys = [...this.#keys.keys()]
      .sort()
      .filter(key => (query.has('recurse') ? key.startsWith(prefix) : key === prefix))
    if (keys.length === 0) return { status: 404, body: '' }
    const pairs = keys.map(Key => ({
      Key,
      ...this.#keys.get(Key),
      Value: Buffer.from(this.#keys.get(Key)?.Value ?? '').toString('base64'),
    }))
    return { status: 200, body: JSON.stringify(pairs) }
  }
}

/** The tables whose index a blocking query waits for. */
function tableOf(path: string): Table | undefined {
  if (path.startsWith('health/')) return 'health'
  if (path === 'catalog/nodes') return 'nodes'
  if (path.startsWith('catalog/')) return 'services'
  return path.startsWith('kv/') ? 'kv' : undefined
}

import { Answer, parseJson } from './answer.ts'
import { ConsulError } from './consul-error.ts'
import {
  type AgentSelf,
  type CatalogInstance,
  decodeAgentSelf,
  decodeAuthorization,
  decodeBoolean,
  decodeCatalogInstances,
  decodeFailedOperations,
  decodeKeyValues,
  decodeNodes,
  decodeReadServices,
  decodeServiceIds,
  decodeServices,
  type KeyValue,
} from './decode.ts'
import type { ConsulEndpoint, Environment } from './endpoint.ts'
import { type ConsulReply, ConsulTransport } from './transport.ts'

/** `consistent`: the leader makes sure that it is one; `stale`: any server may answer; `default`: between the two. */
export type Consistency = 'consistent' | 'default' | 'stale'

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined
  /** For the whole request, 10 seconds unless said otherwise. */
  readonly timeoutMs?: number
}

export interface ReadOptions extends RequestOptions {
  /** Blocks until the index is another one, or `waitMs` are over. Absent or 0: answers at once. */
  readonly index?: bigint
  readonly waitMs?: number
  /** Instead of the client's own. */
  readonly consistency?: Consistency
  /** Memory for the body of a long answer. It is the request's from here on, and the body's afterwards. */
  readonly space?: Buffer | undefined
}

/** What `PUT /v1/agent/service/register` takes; the fields that Fabio sends. */
export interface ServiceRegistration {
  readonly ID: string
  readonly Name: string
  readonly Tags?: readonly string[]
  readonly Port: number
  readonly Address: string
  readonly Check: null
  readonly Checks: readonly Readonly<Record<string, string | boolean>>[]
  readonly Namespace?: string
}

/** An instance, as a transaction names it. */
export interface ServiceRef {
  readonly node: string
  readonly serviceId: string
}

/** Consul's HTTP API, one method an endpoint. Every failure is a ConsulError, bad answers included. */
export class ConsulClient implements AsyncDisposable {
  readonly #transport: ConsulTransport
  readonly #consistency: Consistency
  /** To a namespace or a partition, where other things are left out of lists than what the token may not read. */
  readonly #isNarrowed: boolean

  constructor(
    endpoint: ConsulEndpoint,
    options: { readonly env: Environment; readonly consistency: Consistency; readonly maxAnswerBytes?: number },
  ) {
    this.#transport = new ConsulTransport(endpoint, {
      env: options.env,
      maxAnswerBytes: options.maxAnswerBytes ?? MAX_ANSWER_BYTES,
    })
    this.#consistency = options.consistency
    this.#isNarrowed = endpoint.namespace !== '' || endpoint.partition !== ''
  }

  get requests(): number {
    return this.#transport.requests
  }

  /** `GET /v1/agent/self` */
  async agentSelf(options: RequestOptions = {}): Promise<AgentSelf> {
    return decodeAgentSelf(parseJson((await this.#get('/v1/agent/self', options)).body))
  }

  /**
   * `POST /v1/internal/acl/authorize`, which Consul's own UI asks since 1.7: may our token read this node? Undefined when that cannot be told: in a
   * namespace, by a Consul that is older, through a proxy that does not let it pass.
   */
  async mayReadNode(node: string, options: RequestOptions = {}): Promise<boolean | undefined> {
    if (this.#isNarrowed) return undefined
    const { status, body } = await this.#transport.send({
      ...{ method: 'POST', path: '/v1/internal/acl/authorize', contentType: 'application/json' },
      body: JSON.stringify([{ Resource: 'node', Access: 'read', Segment: node }]),
      expected: [400, 401, 403, 404, 405],
      ...{ signal: options.signal, timeoutMs: options.timeoutMs ?? REQUEST_TIMEOUT_MS },
    })
    if (status === 200) return decodeAuthorization(parseJson(body))
    return status === 401 && body.toString('utf8', 0, 100).startsWith('ACL support disabled') ? true : undefined
  }

  /** `GET /v1/status/leader` on a connection of its own: can the agent be reached? Needs no rights, and costs Consul next to nothing. */
  async ping(options: RequestOptions = {}): Promise<void> {
    await this.#get('/v1/status/leader', options, { isPing: true })
  }

  /** Goes on with new connections. What waits for an answer on an old one fails as `unreachable`. */
  async reconnect(): Promise<void> {
    await this.#transport.reconnect()
  }

  /** `GET /v1/health/state/any`: all checks of the datacenter. The list is long: `read` makes of its bytes what is needed. */
  async healthState<T>(read: (body: Buffer) => T, options: ReadOptions = {}): Promise<Answer<T>> {
    return new Answer(await this.#read('/v1/health/state/any', options), read)
  }

  /** `GET /v1/catalog/service/<name>`: all instances of a service, healthy or not. */
  async catalogService(name: string, options: ReadOptions = {}): Promise<Answer<CatalogInstance[]>> {
    return new Answer(await this.#read(`/v1/catalog/service/${encodeURIComponent(name)}`, options), body =>
      decodeCatalogInstances(parseJson(body)),
    )
  }

  /** `GET /v1/catalog/services`: the names of all services. Its index is that of the newest change of any instance. */
  async catalogServices(options: ReadOptions = {}): Promise<Answer<Map<string, readonly string[]>>> {
    return new Answer(await this.#read('/v1/catalog/services', options), body => decodeServices(parseJson(body)))
  }

  /** `GET /v1/catalog/nodes`: name → address. */
  async catalogNodes(options: ReadOptions = {}): Promise<Answer<Map<string, string>>> {
    return new Answer(await this.#read('/v1/catalog/nodes', options), body => decodeNodes(parseJson(body)))
  }

  /** `GET /v1/kv/<prefix>?recurse`: every key that begins with these characters; none is no error. */
  async keyValues(prefix: string, options: ReadOptions = {}): Promise<Answer<KeyValue[]>> {
    const reply = await this.#read(`/v1/kv/${escapeKey(prefix)}`, options, {
      query: [['recurse', '']],
      expected: [404],
    })
    return new Answer(reply, body => (reply.status === 404 ? [] : decodeKeyValues(parseJson(body))))
  }

  /** `GET /v1/kv/<key>`; undefined when there is no such key. The index is then that of the whole store. */
  async keyValue(key: string, options: ReadOptions = {}): Promise<Answer<KeyValue | undefined>> {
    const reply = await this.#read(`/v1/kv/${escapeKey(key)}`, options, { expected: [404] })
    return new Answer(reply, body => (reply.status === 404 ? undefined : decodeKeyValues(parseJson(body))[0]))
  }

  /** `PUT /v1/kv/<key>?cas=<version>`: false when the key is at another version. Version 0: only when there is none yet. */
  async writeKeyValue(
    key: string,
    value: string,
    options: RequestOptions & { readonly version: string },
  ): Promise<boolean> {
    const query = [['cas', options.version]] as const
    const reply = await this.#put(`/v1/kv/${escapeKey(key)}`, options, {
      query,
      body: value,
      contentType: 'application/octet-stream',
    })
    return decodeBoolean(parseJson(reply.body))
  }

  /** `GET /v1/agent/services`: the IDs of what is registered with this agent. */
  async agentServiceIds(options: RequestOptions = {}): Promise<Set<string>> {
    return decodeServiceIds(parseJson((await this.#get('/v1/agent/services', options)).body))
  }

  /** `PUT /v1/agent/service/register` */
  async registerService(registration: ServiceRegistration, options: RequestOptions = {}): Promise<void> {
    await this.#put('/v1/agent/service/register', options, {
      body: JSON.stringify(registration),
      contentType: 'application/json',
    })
  }

  /** `PUT /v1/agent/service/deregister/<id>` */
  async deregisterService(id: string, options: RequestOptions = {}): Promise<void> {
    await this.#put(`/v1/agent/service/deregister/${encodeURIComponent(id)}`, options)
  }

  /** `PUT /v1/agent/check/update/<check id>`: the TTL check passes, its clock starts again. */
  async passTtlCheck(checkId: string, options: RequestOptions = {}): Promise<void> {
    const body = JSON.stringify({ Status: 'passing', Output: '' })
    await this.#put(`/v1/agent/check/update/${encodeURIComponent(checkId)}`, options, {
      body,
      contentType: 'application/json',
    })
  }

  /**
   * `PUT /v1/txn`, only reading: the `ModifyIndex` of each instance, undefined for those that are not in the catalogue. One
   * request for up to MAX_TRANSACTION_READS instances, where the catalogue would take one for each service.
   */
  async readServiceVersions(
    refs: readonly ServiceRef[],
    options: RequestOptions = {},
  ): Promise<(number | undefined)[]> {
    const versions: (number | undefined)[] = refs.map(() => undefined)
    let wanted = refs.map((ref, at) => ({ ref, at }))
    // An instance that is gone fails the whole transaction, so it is asked again without them; more may go meanwhile.
    for (let attempt = 0; wanted.length > 0 && attempt < 3; attempt++) {
      const operations = wanted.map(({ ref }) => ({
        Service: { Verb: 'get', Node: ref.node, Service: { ID: ref.serviceId } },
      }))
      const reply = await this.#put('/v1/txn', options, {
        query: this.#consistencyQuery(),
        body: JSON.stringify(operations),
        contentType: 'application/json',
        expected: [409],
      })
      if (reply.status === 409) {
        const failed = new Set(decodeFailedOperations(parseJson(reply.body)))
        wanted = wanted.filter((_, at) => !failed.has(at))
        continue
      }
      const found = decodeReadServices(parseJson(reply.body))
      if (found.length !== wanted.length) {
        throw new ConsulError(`${found.length} results for ${wanted.length} operations of a transaction`, {
          kind: 'garbage',
        })
      }
      wanted.forEach(({ at }, result) => {
        versions[at] = found[result]
      })
      return versions
    }
    return versions
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transport[Symbol.asyncDispose]()
  }

  #consistencyQuery(consistency = this.#consistency): [string, string][] {
    return consistency === 'default' ? [] : [[consistency, '']]
  }

  #read(
    path: string,
    options: ReadOptions,
    extra: { query?: [string, string][]; expected?: number[] } = {},
  ): Promise<ConsulReply> {
    const query = [...(extra.query ?? []), ...this.#consistencyQuery(options.consistency)]
    if (options.index !== undefined && options.index !== 0n) {
      query.push(['index', `${options.index}`])
      if (options.waitMs !== undefined) query.push(['wait', `${Math.round(options.waitMs)}ms`])
    }
    return this.#get(path, options, { ...extra, query })
  }

  #get(
    path: string,
    options: RequestOptions & Pick<ReadOptions, 'space'>,
    extra: { query?: [string, string][]; expected?: number[]; isPing?: boolean } = {},
  ): Promise<ConsulReply> {
    return this.#transport.send({
      method: 'GET',
      path,
      ...extra,
      signal: options.signal,
      space: options.space,
      timeoutMs: options.timeoutMs ?? REQUEST_TIMEOUT_MS,
    })
  }

  #put(path: string, options: RequestOptions, extra: PutExtras = {}): Promise<ConsulReply> {
    return this.#transport.send({
      method: 'PUT',
      path,
      ...extra,
      signal: options.signal,
      timeoutMs: options.timeoutMs ?? REQUEST_TIMEOUT_MS,
    })
  }
}

/** What a server accepts in one transaction (64 up to Consul 1.15, then 128). */
export const MAX_TRANSACTION_READS = 64

/** 60,000 checks with the longest output that Consul keeps (4 KiB) are about this much. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024
const REQUEST_TIMEOUT_MS = 10_000

interface PutExtras {
  readonly query?: Iterable<readonly [string, string]>
  readonly body?: string
  readonly contentType?: string
  readonly expected?: readonly number[]
}

/** A slash is part of the path, everything else that means something in a URL is escaped. */
function escapeKey(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/')
}

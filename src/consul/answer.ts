import { ConsulError } from './consul-error.ts'
import type { ConsulReply } from './transport.ts'

/**
 * An answer that can be waited on. It is decoded when its value is first asked for, because most answers of a watch say
 * "nothing new" by their index alone, and the list of all health checks of a datacenter is large.
 */
export class Answer<T> {
  /** `X-Consul-Index`, 0 when Consul sent none. */
  readonly index: bigint
  /** Consul left something out that our token may not see. Only Consul 1.13 and newer say so. */
  readonly isFilteredByAcl: boolean
  #reply: ConsulReply | undefined
  readonly #decode: (body: Buffer) => T
  #value: T | undefined

  constructor(reply: ConsulReply, decode: (body: Buffer) => T) {
    const index = reply.headers['x-consul-index']
    this.index = typeof index === 'string' && /^\d{1,20}$/.test(index) ? BigInt(index) : 0n
    this.isFilteredByAcl = reply.headers['x-consul-results-filtered-by-acls'] === 'true'
    this.#reply = reply
    this.#decode = decode
  }

  /** Throws a ConsulError of kind `garbage` when the body is not what the endpoint promises. */
  decode(): T {
    if (this.#reply !== undefined) {
      this.#value = this.#decode(this.#reply.body)
      this.#reply = undefined
    }
    // Decoded above or before, and what it was decoded to may itself be undefined.
    return this.#value as T
  }
}

export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (cause) {
    throw new ConsulError(`the answer is not JSON: ${cause instanceof Error ? cause.message.slice(0, 120) : ''}`, {
      kind: 'garbage',
      cause,
    })
  }
}

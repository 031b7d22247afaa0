import { ConsulClient } from '../consul/client.ts'
import { type Environment, loadEndpoint } from '../consul/endpoint.ts'
import { watch } from '../consul/watch.ts'
import type { Texts } from './pair-up.ts'

const PREFIX = '/v1/kv/'

/** `type=consul`: the keys below a prefix of Consul's KV store, named after the last part of their paths. */
export class ConsulPlace {
  private readonly client: ConsulClient
  private readonly prefix: string

  /** @throws Error for what is no URL of the KV store */
  constructor(text: string, env: Environment) {
    const url = URL.canParse(text) ? new URL(text) : undefined
    if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) throw new Error('invalid url')
    if (!url.pathname.startsWith(PREFIX)) throw new Error('missing prefix: /v1/kv/')
    this.prefix = decodeURIComponent(url.pathname.slice(PREFIX.length))
    const scheme = url.protocol === 'https:' ? 'https' : 'http'
    const endpoint = loadEndpoint({ addr: url.host, scheme, token: url.searchParams.get('token') ?? '' }, env)
    this.client = new ConsulClient(endpoint, { env, consistency: 'consistent' })
  }

  /** Calls with what is there, at first and after every change, until the signal is aborted. */
  async watch(
    signal: AbortSignal,
    on: { texts(texts: Texts): void; lost(error: Error): void; regained(): void },
  ): Promise<void> {
    const observer = {
      answered: () => {},
      lost: (error: Error) => on.lost(error),
      regained: () => on.regained(),
    }
    const read = (options: Parameters<ConsulClient['keyValues']>[1]) => this.client.keyValues(this.prefix, options)
    try {
      for await (const answer of watch({ read, pollIntervalMs: 0, signal, observer })) {
        on.texts(
          new Map(
            answer
              .decode()
              .map(({ key, value }): [string, string] => [key.slice(key.lastIndexOf('/') + 1), value])
              .filter(([name]) => name !== ''),
          ),
        )
      }
    } finally {
      await this.client[Symbol.asyncDispose]()
    }
  }
}

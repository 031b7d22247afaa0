import type { ConsulClient, ReadOptions } from '../../consul/client.ts'
import { watch } from '../../consul/watch.ts'
import type { Log } from '../../log/log.ts'
import type { SourceStatus } from '../registry.ts'
import { type KeyTexts, normalizeKvPath, selectKeyTexts } from './key-texts.ts'
import { WatchedSource } from './watched-source.ts'

export interface KeyWatchOptions {
  readonly client: ConsulClient
  /** `registry.consul.kvpath` or `registry.consul.noroutehtmlpath`. */
  readonly kvPath: string
  /** What the log and the status call it: `manual config`. */
  readonly name: string
  readonly log: Log
  readonly signal: AbortSignal
  /** The whole state, at first and then whenever a text was changed. */
  readonly onTexts: (texts: ReadonlyMap<string, string>) => void
}

/** Follows the keys at and below a path of Consul's key/value store. */
export class KeyWatch {
  readonly #options: KeyWatchOptions
  readonly #source: WatchedSource
  #strangers = ''

  constructor(options: KeyWatchOptions) {
    this.#options = options
    const { name, kvPath, log } = options
    this.#source = new WatchedSource({ name, failure: `Error fetching config from ${kvPath}.`, log })
  }

  /** Ends when the signal is aborted. */
  async run(): Promise<void> {
    const { client, kvPath, name, log, signal, onTexts } = this.#options
    const path = normalizeKvPath(kvPath)
    const read = (options: ReadOptions) => client.keyValues(path, options)
    // Fabio does not poll keys, whatever registry.consul.pollinterval says.
    for await (const answer of watch({ read, pollIntervalMs: 0, signal, observer: this.#source })) {
      log.debug(`consul: ${name} changed to #${answer.index}`)
      const { texts, strangers } = selectKeyTexts(answer.decode(), path)
      this.#reportStrangers(strangers)
      onTexts(texts)
    }
  }

  /** Consul has said at least once what the keys hold. */
  get isKnown(): boolean {
    return this.#source.status().lastContact !== undefined
  }

  status(): SourceStatus {
    return this.#source.status()
  }

  #reportStrangers(strangers: KeyTexts['strangers']): void {
    const keys = strangers.join(', ')
    if (keys === this.#strangers) return
    this.#strangers = keys
    if (keys === '') return
    this.#options.log.warn(
      `consul: Not below "${this.#options.kvPath}" and not read, although they begin alike: ${keys}`,
    )
  }
}

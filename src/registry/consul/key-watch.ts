import { BackOff, pause } from '../../consul/back-off.ts'
import type { ConsulClient, ReadOptions } from '../../consul/client.ts'
import { ConsulError } from '../../consul/consul-error.ts'
import { watch } from '../../consul/watch.ts'
import type { Log } from '../../log/log.ts'
import type { SourceStatus } from '../registry.ts'
import { reportFault } from './background.ts'
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
  /** `registry.brake.grace`; 0: what has vanished is gone at once. */
  readonly graceMs: number
  /** The whole state, at first and then whenever a text was changed. */
  readonly onTexts: (texts: ReadonlyMap<string, string>) => void
}

/**
 * Follows the keys at and below a path of Consul's key/value store. Texts that have vanished from a Consul that counts anew, and so may have
 * lost its data, stay until a consistent read confirms it.
 */
export class KeyWatch {
  readonly #options: KeyWatchOptions
  readonly #source: WatchedSource
  #strangers = ''
  #isEmpty = true
  /** The texts have vanished, and are kept until this ends. */
  #hold: AbortController | undefined

  constructor(options: KeyWatchOptions) {
    this.#options = options
    const { name, kvPath, log } = options
    this.#source = new WatchedSource({ name, failure: `Error fetching config from ${kvPath}.`, log })
  }

  /** Ends when the signal is aborted. */
  async run(): Promise<void> {
    const { client, kvPath, name, log, signal } = this.#options
    const path = normalizeKvPath(kvPath)
    const read = (options: ReadOptions) => client.keyValues(path, options)
    // Fabio does not poll keys, whatever registry.consul.pollinterval says.
    let index = 0n
    for await (const answer of watch({ read, pollIntervalMs: 0, signal, observer: this.#source })) {
      log.debug(`consul: ${name} changed to #${answer.index}`)
      const { texts, strangers } = selectKeyTexts(answer.decode(), path)
      this.#reportStrangers(strangers)
      if (texts.size > 0 || !this.#isHeld(answer.index < index)) this.#tell(texts)
      index = answer.index
    }
  }

  #tell(texts: ReadonlyMap<string, string>): void {
    this.#hold?.abort()
    this.#hold = undefined
    this.#isEmpty = texts.size === 0
    this.#options.onTexts(texts)
  }

  /** Asked when there is no text. */
  #isHeld(isSuspect: boolean): boolean {
    const { kvPath, graceMs, log, signal } = this.#options
    if (this.#hold !== undefined) return true
    if (!isSuspect || this.#isEmpty || graceMs === 0) return false
    log.warn(
      `consul: Keeping what was below ${kvPath} for ${graceMs / 1000}s, and until a consistent read confirms that it is gone`,
    )
    this.#hold = new AbortController()
    const ended = AbortSignal.any([signal, this.#hold.signal])
    void this.#lookAgain(ended).catch(reportFault(`the second look at ${kvPath}`, log))
    return true
  }

  async #lookAgain(ended: AbortSignal): Promise<void> {
    const { client, kvPath, graceMs, log } = this.#options
    const path = normalizeKvPath(kvPath)
    const backOff = new BackOff({ minMs: 500, maxMs: 5000 })
    await pause(graceMs, ended)
    while (!ended.aborted) {
      try {
        const answer = await client.keyValues(path, { consistency: 'consistent', signal: ended })
        const { texts } = selectKeyTexts(answer.decode(), path)
        if (ended.aborted) return
        if (texts.size === 0) log.warn(`consul: A consistent read confirms it: nothing is below ${kvPath} any more`)
        this.#tell(texts)
      } catch (cause) {
        if (!(cause instanceof ConsulError)) throw cause
        if (ended.aborted) return
        log.debug(`consul: Error fetching ${kvPath} for the second time. ${cause.message}`)
        await pause(backOff.nextMs(), ended)
      }
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

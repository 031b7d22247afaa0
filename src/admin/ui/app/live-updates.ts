import { signal } from '@preact/signals'
import type { ServerStatus } from './answers.ts'

export type Connection = 'connecting' | 'live' | 'reconnecting' | 'paused'

/** The server sends something every 15 seconds. */
const SILENCE_MS = 40_000
const RETRY_MS = 5000
/** A hidden page gives its connection back, for browsers open only six to one host. */
const HIDDEN_MS = 30_000

/** The page's stream of server-sent events, opened again whenever it ends. */
export class LiveUpdates {
  readonly connection = signal<Connection>('connecting')
  readonly status = signal<ServerStatus | undefined>(undefined)
  readonly #url: string
  readonly #onRoutes = new Set<() => void>()
  #source: EventSource | undefined
  #timer: number | undefined

  constructor(url: string) {
    this.#url = url
    document.addEventListener('visibilitychange', () => this.#onVisibilityChange())
    addEventListener('pagehide', () => this.#source?.close())
    addEventListener('pageshow', event => {
      if (event.persisted) this.#open() // Back from the browser's history, with the old connection gone.
    })
    this.#open()
  }

  /** Also called at the beginning of every connection: what happened before it is not known. */
  onRoutes(listener: () => void): void {
    this.#onRoutes.add(listener)
  }

  #open(): void {
    this.#source?.close()
    const source = new EventSource(this.#url)
    this.#source = source
    source.onopen = () => this.#heard('live')
    source.onerror = () => {
      this.connection.value = 'reconnecting'
      // The browser tries again by itself, except after an answer that is not an event stream.
      if (source.readyState === EventSource.CLOSED) this.#openIn(RETRY_MS)
    }
    source.addEventListener('heartbeat', () => this.#heard('live'))
    source.addEventListener('status', event => {
      this.#heard('live')
      this.status.value = JSON.parse(event.data)
    })
    source.addEventListener('routes', () => {
      this.#heard('live')
      for (const listener of this.#onRoutes) listener()
    })
    this.#openIn(SILENCE_MS)
  }

  #heard(connection: Connection): void {
    this.connection.value = connection
    this.#openIn(SILENCE_MS)
  }

  #openIn(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.connection.value = 'reconnecting'
      this.#open()
    }, ms)
  }

  #onVisibilityChange(): void {
    if (!document.hidden) {
      if (this.connection.value === 'paused') this.#open()
      return
    }
    setTimeout(() => {
      if (!document.hidden) return
      this.#source?.close()
      clearTimeout(this.#timer)
      this.connection.value = 'paused'
    }, HIDDEN_MS)
  }
}

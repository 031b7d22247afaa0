import type { Log } from '../log/log.ts'

/** The HTML of the answer when no route matches; `''` is none. */
export class NoRoutePage {
  readonly #log: Log
  #html = ''

  constructor(log: Log) {
    this.#log = log
  }

  get html(): string {
    return this.#html
  }

  /** False: it is the same as before. */
  update(html: string): boolean {
    if (html === this.#html) return false
    this.#html = html
    this.#log.info(html === '' ? 'Unset noroute HTML' : `Set noroute HTML (${Buffer.byteLength(html)} bytes)`)
    return true
  }
}

import type { Log, LogLevel } from '../../src/log/log.ts'

/** A log that remembers its lines as `WARN consul: …`, and lets a test wait for one. */
export class RecordedLog implements Log {
  readonly lines: string[] = []
  readonly #waiting = new Set<() => void>()

  readonly trace = (text: string): void => this.#write('TRACE', text)
  readonly debug = (text: string): void => this.#write('DEBUG', text)
  readonly info = (text: string): void => this.#write('INFO', text)
  readonly warn = (text: string): void => this.#write('WARN', text)
  readonly error = (text: string): void => this.#write('ERROR', text)
  readonly fatal = (text: string): void => this.#write('FATAL', text)

  isOn(): boolean {
    return true
  }

  count(pattern: RegExp): number {
    return this.lines.filter(line => pattern.test(line)).length
  }

  /** Resolves when a line matches, now or later. */
  async until(pattern: RegExp, limitMs = 20_000): Promise<void> {
    if (this.count(pattern) > 0) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const look = () => this.count(pattern) > 0 && resolve()
    const limit = setTimeout(() => reject(new Error(`no line ${pattern} in\n${this.lines.join('\n')}`)), limitMs)
    this.#waiting.add(look)
    await promise.finally(() => {
      clearTimeout(limit)
      this.#waiting.delete(look)
    })
  }

  #write(level: LogLevel, text: string): void {
    this.lines.push(`${level} ${text}`)
    for (const wake of this.#waiting) wake()
  }
}

import { appendFile, readFile, rename, writeFile } from 'node:fs/promises'
import type { Log } from '../log/log.ts'
import type { RecordedChange } from './route-history.ts'

const FORMAT = 1
/** Written anew with the last changes when it has so many lines. */
const MAX_LINES = 2000
const KEPT_LINES = 1000

/** The changes on disk: a line each, as JSON. What cannot be written or read is lost, and said once; nothing else suffers. */
export class HistoryFile {
  readonly #path: string
  readonly #log: Log
  /** The last lines of the file, and how many it has. */
  #kept: readonly string[] = []
  #written = 0
  readonly #pending: string[] = []
  #writing: Promise<void> = Promise.resolve()
  #isFailing = false

  constructor(path: string, log: Log) {
    this.#path = path
    this.#log = log
  }

  /** Oldest first. Lines that are not whole, as the last one after a power cut may be, are left out. */
  async load(): Promise<readonly RecordedChange[]> {
    try {
      const text = await readFile(this.#path, 'utf8')
      const lines = text.split('\n').filter(line => parseLine(line) !== undefined)
      this.#kept = lines.slice(-KEPT_LINES)
      // A line that is not whole would spoil the one that is written behind it.
      this.#written = text === '' || text.endsWith('\n') ? lines.length : MAX_LINES
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')) this.#report(cause)
    }
    return this.#kept.flatMap(line => parseLine(line) ?? [])
  }

  append(change: RecordedChange): void {
    this.#pending.push(JSON.stringify({ format: FORMAT, ...change }))
    this.#writing = this.#writing.then(() => this.#write()).catch(cause => this.#report(cause))
  }

  /** Resolves when everything appended so far is written. */
  async settled(): Promise<void> {
    await this.#writing
  }

  async #write(): Promise<void> {
    const lines = this.#pending.splice(0)
    if (lines.length === 0) return
    this.#kept = [...this.#kept, ...lines].slice(-KEPT_LINES)
    this.#written += lines.length
    if (this.#written <= MAX_LINES) {
      await appendFile(this.#path, formatLines(lines))
    } else {
      await writeFile(`${this.#path}.new`, formatLines(this.#kept))
      await rename(`${this.#path}.new`, this.#path)
      this.#written = this.#kept.length
    }
    this.#isFailing = false
  }

  #report(cause: unknown): void {
    if (!this.#isFailing)
      this.#log.warn(
        `Cannot keep the history in ${this.#path}: ${cause instanceof Error ? cause.message : String(cause)}`,
      )
    this.#isFailing = true
  }
}

function formatLines(lines: readonly string[]): string {
  return lines.map(line => `${line}\n`).join('')
}

function parseLine(line: string): RecordedChange | undefined {
  if (line === '') return undefined
  try {
    const { format, ...change } = JSON.parse(line)
    return format === FORMAT ? change : undefined
  } catch {
    return undefined
  }
}

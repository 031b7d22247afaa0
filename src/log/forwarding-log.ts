import { LeveledLog } from './leveled-log.ts'
import type { LogFields, LogLevel, LogRecord } from './log.ts'

export interface ForwardingOptions {
  readonly level: LogLevel
  /** Hands records to the main thread. */
  readonly post: (records: readonly LogRecord[]) => void
  /** Put on every record, for example the number of the worker. */
  readonly fields?: LogFields
}

/** Records wait this long for others, so that a burst crosses threads as one message. */
const POST_AFTER_MS = 20

/** Records of one kind a second. Far above what a reader follows; far below what hurts. */
const RECORDS_PER_SECOND = 500

const WINDOW_MS = 1000

/** More kinds than the program has texts; beyond them all others count as one. */
const MAX_KINDS = 256

/**
 * The log of a worker thread: records go to the main thread in batches. Texts repeat on the data path (`No route for …`), as
 * fast as clients like; so each kind has a rate, and what is above it becomes one record that says how many there were.
 */
export class ForwardingLog extends LeveledLog implements Disposable {
  readonly #forwarder: Forwarder

  constructor(options: ForwardingOptions) {
    const forwarder = new Forwarder(options)
    super(options.level, record => forwarder.add(record))
    this.#forwarder = forwarder
  }

  /** Hands over what waits, and says what was suppressed so far. To be called before the thread ends. */
  flush(): void {
    this.#forwarder.flush()
  }

  [Symbol.dispose](): void {
    this.flush()
  }
}

interface Kind {
  readonly level: LogLevel
  written: number
  suppressed: number
}

class Forwarder {
  readonly #options: ForwardingOptions
  readonly #kinds = new Map<string, Kind>()
  #windowEnd = 0
  #records: LogRecord[] = []
  #postTimer: NodeJS.Timeout | undefined
  #reportTimer: NodeJS.Timeout | undefined

  constructor(options: ForwardingOptions) {
    this.#options = options
  }

  add(record: LogRecord): void {
    if (record.time >= this.#windowEnd) this.#startWindow(record.time)
    const kind = this.#kindOf(record)
    if (kind.written === RECORDS_PER_SECOND) {
      kind.suppressed++
      this.#reportTimer ??= setTimeout(() => this.#startWindow(Date.now()), WINDOW_MS).unref()
      return
    }
    kind.written++
    this.#push(record)
  }

  flush(): void {
    this.#startWindow(Date.now())
    this.#post()
  }

  #push(record: LogRecord): void {
    const { fields } = this.#options
    this.#records.push(fields === undefined ? record : { ...record, fields: { ...fields, ...record.fields } })
    // A fatal record is the last one: there is no later.
    if (record.level === 'FATAL') this.#post()
    else this.#postTimer ??= setTimeout(() => this.#post(), POST_AFTER_MS)
  }

  #post(): void {
    clearTimeout(this.#postTimer)
    this.#postTimer = undefined
    if (this.#records.length === 0) return
    const records = this.#records
    this.#records = []
    this.#options.post(records)
  }

  #startWindow(now: number): void {
    clearTimeout(this.#reportTimer)
    this.#reportTimer = undefined
    this.#windowEnd = now + WINDOW_MS
    for (const [name, { level, suppressed }] of this.#kinds) {
      if (suppressed > 0) this.#push({ level, text: `${name} …: ${suppressed} similar records suppressed`, time: now })
    }
    this.#kinds.clear()
  }

  #kindOf(record: LogRecord): Kind {
    const name = this.#kinds.size < MAX_KINDS ? firstWords(record.text) : 'various texts'
    const known = this.#kinds.get(name)
    if (known !== undefined) return known
    const kind = { level: record.level, written: 0, suppressed: 0 }
    this.#kinds.set(name, kind)
    return kind
  }
}

/** What texts of one kind have in common: their first three words, `No route for`. What follows comes from outside. */
function firstWords(text: string): string {
  let end = -1
  for (let words = 0; words < 3; words++) {
    const next = text.indexOf(' ', end + 1)
    if (next === -1 || next > 64) return text.slice(0, end === -1 ? 64 : end)
    end = next
  }
  return text.slice(0, end)
}

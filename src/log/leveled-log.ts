import { LOG_LEVELS, type Log, type LogFields, type LogLevel, type LogRecord } from './log.ts'

/** Drops what is below the configured level and hands the rest to `write`. */
export class LeveledLog implements Log {
  readonly #least: number
  readonly #write: (record: LogRecord) => void

  constructor(level: LogLevel, write: (record: LogRecord) => void) {
    this.#least = LOG_LEVELS.indexOf(level)
    this.#write = write
  }

  trace(text: string, fields?: LogFields): void {
    this.#say('TRACE', text, fields)
  }

  debug(text: string, fields?: LogFields): void {
    this.#say('DEBUG', text, fields)
  }

  info(text: string, fields?: LogFields): void {
    this.#say('INFO', text, fields)
  }

  warn(text: string, fields?: LogFields): void {
    this.#say('WARN', text, fields)
  }

  error(text: string, fields?: LogFields): void {
    this.#say('ERROR', text, fields)
  }

  fatal(text: string, fields?: LogFields): void {
    this.#say('FATAL', text, fields)
  }

  isOn(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) >= this.#least
  }

  /** Takes over a record made elsewhere, with its time. */
  write(record: LogRecord): void {
    if (this.isOn(record.level)) this.#write(record)
  }

  #say(level: LogLevel, text: string, fields: LogFields | undefined): void {
    if (this.isOn(level)) this.#write({ level, text, fields, time: Date.now() })
  }
}

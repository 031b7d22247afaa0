/** From the most talkative on. A record is written when its level is at least the configured one. */
export const LOG_LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Facts of a record for readers that are programs; the text alone must say enough to a person. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

/**
 * What every component is given to speak with. Texts that people alert on keep Fabio's wording
 * (`No route for …`, `Registered fabio as …`), see docs/differences.md.
 */
export interface Log {
  trace(text: string, fields?: LogFields): void
  debug(text: string, fields?: LogFields): void
  info(text: string, fields?: LogFields): void
  warn(text: string, fields?: LogFields): void
  error(text: string, fields?: LogFields): void
  /** Written even when the process ends right after. Does not end it: only main.ts does. */
  fatal(text: string, fields?: LogFields): void
  /** Is a record of this level written? To save the work of making its text. */
  isOn(level: LogLevel): boolean
}

/** What was said, before it becomes a line. Plain data: records of workers travel to the main thread. */
export interface LogRecord {
  readonly level: LogLevel
  readonly text: string
  readonly fields?: LogFields | undefined
  /** Milliseconds since the epoch. */
  readonly time: number
}

/** Where lines go. */
export interface LogDestination {
  write(text: string): void
  /** Returns when the line is out, with what was waiting before it. */
  writeSync(text: string): void
}

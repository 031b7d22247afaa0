import { createJsonLog } from './json-log.ts'
import type { LeveledLog } from './leveled-log.ts'
import type { LogDestination, LogLevel } from './log.ts'
import { createTextLog } from './text-log.ts'

export interface LogOptions {
  /** `log.level`: records below it are not written. */
  readonly level: LogLevel
  /** `log.format` */
  readonly format: 'text' | 'json'
  readonly destination: LogDestination
}

/** The log of the main thread. Workers have a forwarding log, whose records its `write` takes over. */
export function createLog(options: LogOptions): LeveledLog {
  return options.format === 'json' ? createJsonLog(options) : createTextLog(options)
}

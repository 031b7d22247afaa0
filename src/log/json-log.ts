import { pino } from 'pino'
import { LeveledLog } from './leveled-log.ts'
import type { LogDestination, LogLevel } from './log.ts'

/** Fields that never show their value, whoever passes them. */
const SECRETS = ['token', 'password', 'secret', 'authorization', 'apiKey', 'privateKey', 'cookie']

const PINO_LEVELS = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
  FATAL: 'fatal',
} as const

/** One JSON object a line: `level`, `time` (RFC 3339, UTC), the fields of the record, `msg`. */
export function createJsonLog(options: { readonly level: LogLevel; readonly destination: LogDestination }): LeveledLog {
  const { level, destination } = options
  let isFatal = false
  const logger = pino(
    {
      level: 'trace',
      base: null,
      // Records of workers bring the time at which they were made.
      timestamp: false,
      formatters: { level: label => ({ level: label.toUpperCase() }) },
      redact: { paths: SECRETS, censor: '[redacted]' },
    },
    {
      write: line => {
        if (isFatal) destination.writeSync(line)
        else destination.write(line)
      },
    },
  )
  return new LeveledLog(level, record => {
    isFatal = record.level === 'FATAL'
    logger[PINO_LEVELS[record.level]]({ time: new Date(record.time).toISOString(), ...record.fields }, record.text)
  })
}

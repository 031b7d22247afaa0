import { LeveledLog } from './leveled-log.ts'
import type { LogDestination, LogLevel } from './log.ts'
import { escapeRecordText } from './quote-for-log.ts'

/** Fabio's format: `2026/11/22 15:38:34 [INFO] text`, local time, one write a record. Fields are for programs and stay out. */
export function createTextLog(options: { readonly level: LogLevel; readonly destination: LogDestination }): LeveledLog {
  const { level, destination } = options
  return new LeveledLog(level, record => {
    const text = escapeRecordText(record.text)
    // Go adds a line end where there is none: a table that is logged ends with its own.
    const line = `${formatLocalTime(record.time)} [${record.level}] ${text}${text.endsWith('\n') ? '' : '\n'}`
    if (record.level === 'FATAL') destination.writeSync(line)
    else destination.write(line)
  })
}

function formatLocalTime(time: number): string {
  const date = new Date(time)
  const day = `${date.getFullYear()}/${twoDigits(date.getMonth() + 1)}/${twoDigits(date.getDate())}`
  return `${day} ${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}:${twoDigits(date.getSeconds())}`
}

function twoDigits(n: number): string {
  return n < 10 ? `0${n}` : String(n)
}

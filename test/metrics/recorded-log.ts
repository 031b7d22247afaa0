import { EventEmitter, once } from 'node:events'
import { LeveledLog } from '../../src/log/leveled-log.ts'

/** A log that keeps its records as `[LEVEL] text`. */
export function createRecordedLog(): RecordedLog {
  const lines: string[] = []
  const emitter = new EventEmitter()
  const log = new LeveledLog('TRACE', record => {
    lines.push(`[${record.level}] ${record.text}`)
    emitter.emit('line')
  })
  return {
    log,
    lines,
    async said(text) {
      while (!lines.some(line => line.includes(text))) await once(emitter, 'line')
    },
  }
}

export interface RecordedLog {
  readonly log: LeveledLog
  readonly lines: readonly string[]
  /** Resolves when a record contains `text`. */
  said(text: string): Promise<void>
}

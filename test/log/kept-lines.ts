import type { LogDestination } from '../../src/log/log.ts'

/** A destination that keeps what is written, and how. */
export function createKeptLines(): LogDestination & {
  readonly written: readonly string[]
  readonly writtenSync: readonly string[]
} {
  const written: string[] = []
  const writtenSync: string[] = []
  return {
    written,
    writtenSync,
    write: text => written.push(text),
    writeSync: text => writtenSync.push(text),
  }
}

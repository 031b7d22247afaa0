import { getSystemErrorMessage } from 'node:util'
import type { Config } from '../config/config.ts'
import type { Findings } from './findings.ts'

/** What every check is about, and whom it tells. */
export interface Subject {
  readonly config: Config
  readonly env: Readonly<Record<string, string | undefined>>
  readonly findings: Findings
  /** Where the option was set; the file, or the program, for one that was not. */
  placeOf(option: string): string
}

/** `no such file or directory`: what the system says, without what was asked for. */
export function reasonOf(cause: unknown): string {
  if (cause instanceof Error && 'errno' in cause && typeof cause.errno === 'number')
    return getSystemErrorMessage(cause.errno)
  return cause instanceof Error ? cause.message : String(cause)
}

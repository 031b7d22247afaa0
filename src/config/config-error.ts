import { oneLine } from './one-line.ts'

/** What a message is about. */
export interface Where {
  readonly option?: string | undefined
  /** `/etc/fabio.properties:12`, `command line` … as in Origin; or the name of a file. */
  readonly place?: string | undefined
  /** Within the file that `place` names, where the message itself says it. */
  readonly line?: number | undefined
}

/** ` (ui.addr, /etc/fabio.properties:12)`, the end of a message; '' for nowhere. */
export function whereText({ option, place }: Where): string {
  const parts = [option, place].filter(part => part !== undefined)
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`
}

/**
 * The configuration cannot be used: the process ends with `exitCode` after writing the message, which is one line and
 * names the option, the place and, where it helps, what would have been right.
 * 2 is for a command line that cannot be understood, 1 for everything else, as in Fabio.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly exitCode: 1 | 2
  /** The message without its end, which says where. */
  readonly reason: string
  readonly where: Where

  constructor(
    reason: string,
    options: ErrorOptions & { readonly exitCode?: 1 | 2; readonly where?: Where | undefined } = {},
  ) {
    const { where = {} } = options
    super(oneLine(reason + whereText(where)), options)
    this.exitCode = options.exitCode ?? 1
    this.reason = oneLine(reason)
    this.where = where
  }

  /** The same error, with what it does not say about its place. */
  at(where: Where): ConfigError {
    return new ConfigError(this.reason, { cause: this, exitCode: this.exitCode, where: { ...where, ...this.where } })
  }
}

/** Takes an error: throws it, or keeps it and returns, so that what follows is looked at too. */
export type Refuse = (error: ConfigError) => void

export const throwError: Refuse = error => {
  throw error
}

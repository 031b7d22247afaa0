import { oneLine } from './one-line.ts'

/**
 * The configuration cannot be used: the process ends with `exitCode` after writing the message, which is one line and
 * names the option, the place and, where it helps, what would have been right.
 * 2 is for a command line that cannot be understood, 1 for everything else, as in Fabio.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly exitCode: 1 | 2

  constructor(message: string, options: ErrorOptions & { readonly exitCode?: 1 | 2 } = {}) {
    super(oneLine(message), options)
    this.exitCode = options.exitCode ?? 1
  }
}

import { ConfigError } from './config-error.ts'

/** Where the value of an option comes from. */
export interface Origin {
  readonly kind: 'default' | 'flag' | 'env' | 'file'
  /** For messages: `command line`, `environment variable FABIO_UI_ADDR`, `/etc/fabio.properties:12`, or `default`. */
  readonly place: string
}

export const DEFAULT_ORIGIN: Origin = { kind: 'default', place: 'default' }

/** Runs `parse` and adds to its error what the option is and where it was set. */
export function atPlace<T>(name: string, origin: Origin, parse: () => T): T {
  try {
    return parse()
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause
    throw new ConfigError(`${cause.message} (${name}, ${origin.place})`, { cause, exitCode: cause.exitCode })
  }
}

/** Where the value of an option comes from. */
export interface Origin {
  readonly kind: 'default' | 'flag' | 'env' | 'file'
  /** For messages: `command line`, `environment variable FABIO_UI_ADDR`, `/etc/fabio.properties:12`, or `default`. */
  readonly place: string
}

export const DEFAULT_ORIGIN: Origin = { kind: 'default', place: 'default' }

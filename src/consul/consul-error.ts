/**
 * Why Consul gave no usable answer. A caller decides by it whether to ask again, ask differently, or give up:
 * `unreachable`: no connection, or it broke; `timeout`: our deadline passed; `aborted`: we did not want it any more;
 * `status`: an HTTP status that says no; `garbage`: an answer that is not what the endpoint promises; `incomplete`: one that
 * cannot be the whole truth; `too-large`: longer than
 * we are willing to hold.
 */
export type ConsulFailure = 'unreachable' | 'timeout' | 'aborted' | 'status' | 'garbage' | 'incomplete' | 'too-large'

export class ConsulError extends Error {
  override readonly name = 'ConsulError'
  readonly kind: ConsulFailure
  /** The HTTP status, only for `status`. */
  readonly status: number | undefined

  constructor(
    message: string,
    options: { readonly kind: ConsulFailure; readonly status?: number; readonly cause?: unknown },
  ) {
    super(message, { cause: options.cause })
    this.kind = options.kind
    this.status = options.status
  }
}

import type { TargetSpec } from '../route/command.ts'
import { Target } from '../route/target.ts'
import { toUtf8Bytes } from './http/request-target.ts'

/** A target with its texts as bytes for the wire: what the head of a request to it is made from. */
export class WireTarget extends Target {
  readonly authorityBytes: string
  /** The Host header to send; undefined keeps the client's. */
  readonly hostBytes: string | undefined
  readonly stripBytes: string | undefined
  readonly prependBytes: string | undefined
  readonly queryBytes: string

  /** Throws a TargetUrlError when the URL of the target does not parse. */
  constructor(spec: TargetSpec) {
    super(spec)
    const { options } = this
    this.authorityBytes = toUtf8Bytes(this.authority)
    if (options.host !== undefined)
      this.hostBytes = options.host === 'dst' ? this.authorityBytes : toUtf8Bytes(options.host)
    if (options.strip !== undefined) this.stripBytes = toUtf8Bytes(options.strip)
    if (options.prepend !== undefined) this.prependBytes = toUtf8Bytes(options.prepend)
    this.queryBytes = toUtf8Bytes(this.query)
  }
}

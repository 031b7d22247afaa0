/** An instance as its registry sees it. */
export interface InstanceReport {
  readonly service: string
  readonly instance: string
  readonly node: string
  /** `host:port`; `''` while it is not known, because the instance is not routed. */
  readonly address: string
  readonly tags: readonly string[]
  /** Why it is out, for a person; undefined when it is in. */
  readonly out: string | undefined
  /** What decides about it. */
  readonly checks: readonly { readonly id: string; readonly status: string; readonly output: string }[]
}

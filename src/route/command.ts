// The command language of Fabio's `routes` text, as values. Text is parsed into these once, at the edge
// (parse-commands.ts, registry/consul/service-routes.ts); nothing behind the edge looks at text again.

/** Options of a target in the order they were written; a later name wins. Pairs, not an object: names come from outside. */
export type OptionPairs = readonly (readonly [name: string, value: string])[]

/**
 * One place requests can go: what one `route add` says. Immutable, and plain data, so it travels between threads.
 * Two specs with equal fields are the same target to every part of this program.
 */
export interface TargetSpec {
  readonly service: string
  /**
   * The target URL: in a command as it was written; behind the route feed as Go writes it (`http://h/` for `HTTP://h/`), which
   * is how it is compared, shown and named in metrics.
   */
  readonly dst: string
  /** The share of traffic asked for, 0 when the target takes its part of what the others leave. Never negative, never NaN. */
  readonly fixedWeight: number
  readonly tags: readonly string[]
  readonly options: OptionPairs
}

/** `route add <service> <src> <dst> [weight <w>] [tags "…"] [opts "…"]` */
export interface AddCommand {
  readonly kind: 'add'
  /** Host and path as written, for instance `Shop.test/Cart`, `/cart` or `:3306`. Not yet split or lower-cased. */
  readonly src: string
  readonly target: TargetSpec
}

/** `route del <service> [<src> [<dst>]]`, `route del [<service>] tags "…"`. Absent fields select everything. */
export interface RemoveCommand {
  readonly kind: 'remove'
  readonly service: string | undefined
  readonly src: string | undefined
  readonly dst: string | undefined
  readonly tags: readonly string[]
}

/** `route weight [<service>] <src> weight <w> [tags "…"]` */
export interface WeighCommand {
  readonly kind: 'weigh'
  readonly service: string | undefined
  readonly src: string
  readonly weight: number
  readonly tags: readonly string[]
}

export type RouteCommand = AddCommand | RemoveCommand | WeighCommand

/** A piece of text that is not a command. Costs only itself; everything around it stays. */
export interface Rejection {
  /** From 1, within the text that was parsed. */
  readonly line: number
  /** From 1, in UTF-16 units, where the first thing that is wrong begins. */
  readonly column: number
  readonly text: string
  /** One clause without a full stop, Fabio's own words where it has some: `syntax error: 'route add' invalid`. */
  readonly reason: string
  /** What would have been right, for a person: `route add <service> <src> <dst> …`. */
  readonly expected: string
}

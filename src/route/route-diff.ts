/** What a change makes of one target of one route. */
export interface TargetDifference {
  readonly service: string
  readonly dst: string
  readonly tags: readonly string[]
  readonly change: 'added' | 'removed' | 'reweighted' | 'options' | 'same'
  /** Shares of the requests of the route, 0 to 1. */
  readonly before: number
  readonly after: number
}

export interface RouteDiff {
  readonly host: string
  readonly path: string
  readonly change: 'added' | 'removed' | 'changed'
  readonly targets: readonly TargetDifference[]
  /** The share of the requests of the route that go elsewhere, 0 to 1. */
  readonly moved: number
}

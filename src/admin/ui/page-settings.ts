/** What the server tells the pages about itself, in the shell. */
export interface PageSettings {
  /** `ui.path`, encoded for use in links. */
  readonly base: string
  readonly title: string
  readonly version: string
  /** `ui.access=ro`: overrides can neither be seen nor changed. */
  readonly isReadOnly: boolean
  /** The registry's backend keeps overrides. */
  readonly canStore: boolean
  /** `/api/check` is there. */
  readonly canCheck: boolean
  /** `/api/problems` has something to say. */
  readonly hasProblems: boolean
  /** `/api/manual?dryrun` is there. */
  readonly canPreview: boolean
  /** `/api/history` is there. */
  readonly hasHistory: boolean
  /** `/api/certs` has something to say: a listener has TLS. */
  readonly hasCertificates: boolean
  /** `/api/explain` is there. */
  readonly canExplain: boolean
  readonly tagPrefix: string
  /** `ui.routingtable.source.*` */
  readonly source: {
    readonly linkEnabled: boolean
    readonly newTab: boolean
    readonly scheme: string
    readonly host: string
    readonly port: string
  }
}

import type { Accepted } from '../listener/listener.ts'
import type { LinkUser } from '../socket/link.ts'

/** Connections of one listener. */
export interface Service {
  readonly size: number
  readonly waitedFor: number
  accept(accepted: Accepted): LinkUser
  acceptHttp2?(accepted: Accepted): LinkUser
  drain(): void
  destroy(): void
}

import type { Accepted, AcceptedHttp2 } from '../listener/listener.ts'
import type { LinkUser } from '../socket/link.ts'

/** Connections of one listener. */
export interface Service {
  readonly size: number
  readonly waitedFor: number
  accept(accepted: Accepted): LinkUser
  acceptHttp2?(accepted: AcceptedHttp2): void
  drain(): void
  destroy(): void
}

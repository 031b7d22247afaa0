import type { Load } from '../load/load.ts'
import type { PeerTask, Setup } from '../setup.ts'

export interface PeerCommand {
  readonly command: readonly string[]
  readonly env?: NodeJS.ProcessEnv
}

/** A proxy to compare with. */
export interface Peer {
  readonly name: string
  /** What its configuration says, for the report. */
  readonly work: string
  /** Is it on this machine? */
  isHere(): boolean
  /** Why it cannot be set up so, or take this load; undefined when it can. */
  cannot(setup: Setup, load: Load['kind']): string | undefined
  /** Writes its configuration. */
  command(task: PeerTask): PeerCommand
}

// All that crosses between the authentication thread, the control plane and the workers.

import type { MessagePort } from 'node:worker_threads'
import type { AuthSchemeSpec } from '../config/auth-scheme-spec.ts'

/** What the thread is born with. */
export interface AuthThreadSettings {
  readonly schemes: readonly AuthSchemeSpec[]
  /** It takes another's place: requests are served already, and a file that cannot be read must not end that. */
  readonly isReplacement: boolean
}

export interface ToAuthThread {
  /** Another worker, on this port. */
  readonly port: MessagePort
}

export type FromAuthThread =
  /** All files are read. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'log'; readonly level: 'info' | 'warn'; readonly text: string }

/** Asked by a worker. It asks one at a time, which is what makes workers take turns. */
export interface Question {
  readonly scheme: string
  readonly user: string
  readonly password: string
}

/** Told to a worker. */
export type ToAsker =
  | { readonly kind: 'answer'; readonly isValid: boolean }
  /** What was verified for these users holds no longer. Sent whenever a file was read, also if there are none: others may be new. */
  | { readonly kind: 'changed'; readonly scheme: string; readonly lost: readonly string[] }

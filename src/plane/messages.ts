// All that crosses between the control plane and its workers.

import type { MessagePort } from 'node:worker_threads'
import type { CertificateSet } from '../cert/certificate-set.ts'
import type { Config } from '../config/config.ts'
import type { AccessChunk } from '../log/access-writer.ts'
import type { LogRecord } from '../log/log.ts'
import type { MetricBatch } from '../metrics/metric-batch.ts'
import type { WorkerMetricsOptions } from '../metrics/worker-metrics.ts'
import type { RouteChange } from '../route/change.ts'

/** What a worker is born with. */
export interface WorkerSettings {
  readonly index: number
  readonly config: Config
  /** For each listener of `config` the port it really has; -1 for those the workers do not open. */
  readonly listenerPorts: readonly number[]
  readonly reusePort: boolean
  /** Client connections this worker may have, 0 for no limit. */
  readonly maxClients: number
  /** Round-robin counts, one 32-bit number a slot. */
  readonly slots: SharedArrayBuffer
  /** To the thread that verifies passwords. */
  readonly auth: MessagePort
  /** PEM of authorities that https targets may be from, besides those of the system. */
  readonly upstreamAuthorities: readonly string[]
  /** undefined with metrics off. */
  readonly metrics: WorkerMetricsOptions | undefined
}

export type ToWorker =
  /** Part of a change. Nothing is visible before its `commit`. */
  | { readonly kind: 'stage'; readonly changes: readonly RouteChange[] }
  | { readonly kind: 'commit'; readonly version: number }
  /** The text of the no-route page; '' for none. */
  | { readonly kind: 'no-route-page'; readonly html: string }
  /** New connections of listeners with this `cs` get these. */
  | { readonly kind: 'certificates'; readonly source: string; readonly set: CertificateSet }
  /** The answer to `issue`: there is a certificate for this name now, or there will be none. */
  | { readonly kind: 'issued'; readonly source: string; readonly serverName: string }
  /** What the keys of session tickets are made of; all workers have the same. */
  | { readonly kind: 'ticket-key'; readonly key: Uint8Array }
  | { readonly kind: 'listen' }
  /** A port that routes are named after, for the `tcp-dynamic` listener of this index. */
  | { readonly kind: 'open-port'; readonly listener: number; readonly port: number }
  /** Its connections end with it. */
  | { readonly kind: 'close-port'; readonly port: number }
  /** The thread that verifies passwords is another now. */
  | { readonly kind: 'auth'; readonly port: MessagePort }
  /** Send the counts now. */
  | { readonly kind: 'measure'; readonly id: number }
  /** No new connections; those that are open have so long to end. */
  | { readonly kind: 'drain'; readonly graceMs: number }

export type FromWorker =
  | { readonly kind: 'listening' }
  /** Listening failed. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** A client waits for a certificate of this name that its source could make. */
  | { readonly kind: 'issue'; readonly source: string; readonly serverName: string }
  /** A part of a change was taken in. */
  | { readonly kind: 'staged' }
  /** All requests from now on are served by this version of the table. */
  | { readonly kind: 'serving'; readonly version: number }
  | { readonly kind: 'metrics'; readonly batch: MetricBatch }
  | { readonly kind: 'measured'; readonly id: number }
  | { readonly kind: 'log'; readonly records: readonly LogRecord[] }
  | { readonly kind: 'access'; readonly chunk: AccessChunk }
  | { readonly kind: 'drained'; readonly cut: number }

import type { Answer } from './answer.ts'
import { BackOff, pause } from './back-off.ts'
import type { ReadOptions } from './client.ts'
import { ConsulError } from './consul-error.ts'

export interface WatchOptions<T> {
  /** One read of the client. */
  readonly read: (options: ReadOptions) => Promise<Answer<T>>
  /** Throws a ConsulError for an answer that is not to be believed: it then counts as a failure, and is asked for again. */
  readonly confirm?: (value: T) => Promise<void>
  /** 0: blocking queries. Else asks this often, without an index. */
  readonly pollIntervalMs: number
  /** From the start of one query to that of the next, up to a fifth longer at random; 100 ms unless said otherwise. */
  readonly minIntervalMs?: number
  readonly signal: AbortSignal
  /** How long Consul may keep a blocking query; 60 seconds unless said otherwise. The actual time is up to a fifth shorter. */
  readonly waitMs?: number
  /** Consul has this much longer than the wait before we call it dead; 10 seconds unless said otherwise. */
  readonly graceMs?: number
  readonly observer?: WatchObserver
}

export interface WatchObserver {
  /** After every answer, also one that brings nothing new. */
  answered(index: bigint): void
  /** The first failure after an answer or the start; the ones that follow are silent. */
  lost(error: ConsulError): void
  /** The first answer after `lost`. */
  regained(): void
}

/**
 * A blocking query as a loop: yields the current state, then every new one, until the signal is aborted. Never gives up.
 * Traps of the API are dealt with here (https://developer.hashicorp.com/consul/api-docs/features/blocking): an index that goes
 * backwards or is 0 starts over, a query that never returns is cut off, an agent that answers at once is not asked without end.
 */
export async function* watch<T>(options: WatchOptions<T>): AsyncGenerator<Answer<T>, void, undefined> {
  const { signal, observer } = options
  const waitMs = options.waitMs ?? 60_000
  const backOff = new BackOff({ minMs: 500, maxMs: MAX_BACK_OFF_MS })
  let index = 0n
  let isLost = false
  let restUntil = 0
  while (!signal.aborted) {
    await pause(restUntil - performance.now(), signal)
    if (signal.aborted) return
    const startedAt = performance.now()
    let answer: Answer<T>
    let isNews: boolean
    let decodeMs = 0
    try {
      // After a failure without an index: whether Consul is back should not take until something changes.
      answer = await options.read(readOptions(options, isLost ? 0n : index, waitMs))
      // After a failure also the index that we had is news: a Consul that lost its data counts from the beginning.
      isNews = isLost || answer.index !== index || index === 0n
      if (isNews) {
        const before = process.threadCpuUsage()
        const value = answer.decode() // Throws for garbage here, where that is one more reason to ask again.
        const { user, system } = process.threadCpuUsage(before)
        decodeMs = (user + system) / 1000
        await options.confirm?.(value)
      }
    } catch (cause) {
      if (!(cause instanceof ConsulError)) throw cause
      if (signal.aborted) return
      if (!isLost) observer?.lost(cause)
      isLost = true
      await pause(backOff.nextMs(), signal)
      continue
    }
    backOff.reset()
    if (isLost) observer?.regained()
    isLost = false
    observer?.answered(answer.index)
    restUntil = nextReadAt(options, { startedAt, decodeMs, index: answer.index })
    if (!isNews) continue
    // A smaller index means that Consul was restored or its leader changed: with the old one we would wait for ever.
    index = answer.index < index ? 0n : answer.index
    yield answer
  }
}

/** A Consul that is back is noticed soon, also by routers that had given up hope. */
const MAX_BACK_OFF_MS = 3000
/** From the start of one query to that of the next, so that a busy datacenter costs ten answers a second at most. */
const MIN_INTERVAL_MS = 100
/** Without an index Consul cannot make us wait. */
const MIN_INTERVAL_WITHOUT_INDEX_MS = 1000
/** For an answer that Consul gives at once; a list of all checks may be long, and the network slow. */
const UNBLOCKED_TIMEOUT_MS = 30_000
/** Decoding takes at most a tenth of a processor. */
const REST_PER_DECODING = 9

function readOptions<T>(options: WatchOptions<T>, index: bigint, longestWaitMs: number): ReadOptions {
  if (options.pollIntervalMs > 0 || index === 0n) return { signal: options.signal, timeoutMs: UNBLOCKED_TIMEOUT_MS }
  // Jitter, so that the watches of many routers that were started together do not return together.
  const waitMs = longestWaitMs * (0.8 + Math.random() / 5)
  // Consul itself adds up to a sixteenth of the wait.
  return { index, waitMs, timeoutMs: waitMs + waitMs / 16 + (options.graceMs ?? 10_000), signal: options.signal }
}

function nextReadAt(
  { pollIntervalMs, minIntervalMs = MIN_INTERVAL_MS }: Pick<WatchOptions<unknown>, 'pollIntervalMs' | 'minIntervalMs'>,
  last: { readonly startedAt: number; readonly decodeMs: number; readonly index: bigint },
): number {
  if (pollIntervalMs > 0) return performance.now() + pollIntervalMs
  const leastMs = last.index === 0n ? Math.max(MIN_INTERVAL_WITHOUT_INDEX_MS, minIntervalMs) : minIntervalMs
  // Jitter, so that many routers do not ask in step.
  const intervalMs = leastMs * (1 + Math.random() / 5)
  return Math.max(last.startedAt + intervalMs, performance.now() + REST_PER_DECODING * last.decodeMs)
}

import { ApiError } from './api-error.ts'

/** More would be a runaway client; each waits with an open connection. */
const MAX_WAITERS = 4096

interface Waiter {
  readonly isOver: () => boolean
  readonly resume: () => void
}

/**
 * One counter for everything the registry knows, as the index of Consul's Raft log is, and those who wait for it to move.
 *
 * No wake-up is lost: a caller looks at the state and begins to wait in one turn of the event loop, and every change
 * asks every waiter to look again.
 */
export class StateIndex {
  /** 1 is before anything happened: a client takes an index of 0 for "do not wait". */
  #current = 1
  #isWaking = false
  readonly #waiters = new Set<Waiter>()

  get current(): number {
    return this.#current
  }

  /** Makes one change under one new index, then has the waiters look. */
  commit<Result>(change: (index: number) => Result): Result {
    this.#current++
    const result = change(this.#current)
    this.#wake()
    return result
  }

  /**
   * Resolves when `isOver()` is true, when the time is over, or when the signal aborts; the caller looks which.
   * Throws 429 when too many wait already.
   */
  waitUntil(
    isOver: () => boolean,
    options: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<void> {
    if (isOver() || options.signal.aborted) return Promise.resolve()
    if (this.#waiters.size >= MAX_WAITERS) {
      throw new ApiError('Your IP is issuing too many concurrent connections, please rate limit your calls', {
        status: 429,
      })
    }
    return new Promise(resolve => {
      const resume = (): void => {
        this.#waiters.delete(waiter)
        clearTimeout(timer)
        options.signal.removeEventListener('abort', resume)
        resolve()
      }
      const waiter: Waiter = { isOver, resume }
      const timer = setTimeout(resume, options.timeoutMs)
      options.signal.addEventListener('abort', resume)
      this.#waiters.add(waiter)
    })
  }

  /** A burst of changes wakes everybody once, after it. */
  #wake(): void {
    if (this.#isWaking) return
    this.#isWaking = true
    queueMicrotask(() => {
      this.#isWaking = false
      for (const waiter of this.#waiters) if (waiter.isOver()) waiter.resume()
    })
  }
}

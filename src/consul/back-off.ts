import { setTimeout as sleep } from 'node:timers/promises'

/** How long to wait before the next attempt: doubling, with jitter, never more than `maxMs`, and never the end. */
export class BackOff {
  readonly #minMs: number
  readonly #maxMs: number
  #nextMs: number

  constructor(options: { readonly minMs: number; readonly maxMs: number }) {
    this.#minMs = options.minMs
    this.#maxMs = options.maxMs
    this.#nextMs = options.minMs
  }

  /** Between half and the whole of a span that doubles each time, so that many clients do not come back in step. */
  nextMs(): number {
    const span = this.#nextMs
    this.#nextMs = Math.min(span * 2, this.#maxMs)
    return span / 2 + (Math.random() * span) / 2
  }

  reset(): void {
    this.#nextMs = this.#minMs
  }
}

/** Resolves after `ms`, or at once when the signal is aborted: the caller's loop condition is what ends it. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted || ms <= 0) return
  try {
    await sleep(ms, undefined, { signal })
  } catch (cause) {
    if (!signal.aborted) throw cause
  }
}

import { type Signal, useSignal } from '@preact/signals'
import { describeError } from './api.ts'

/** What a page asks the router for: the last answer, and why there is no newer one. */
export interface Loaded<T> {
  readonly value: Signal<T | undefined>
  readonly error: Signal<string | undefined>
  /** Asks (again). What is shown stays until there is an answer. */
  readonly load: () => void
}

/** `what` begins the sentence of an error: `The history`. */
export function useLoaded<T>(what: string, ask: () => Promise<T>): Loaded<T> {
  const value = useSignal<T | undefined>(undefined)
  const error = useSignal<string | undefined>(undefined)
  const load = (): void => {
    ask().then(
      answer => {
        value.value = answer
        error.value = undefined
      },
      cause => {
        error.value = `${what} cannot be loaded: ${describeError(cause)}`
      },
    )
  }
  return { value, error, load }
}

/** The error, or that there is nothing yet. */
export function LoadState({ value, error }: Pick<Loaded<unknown>, 'value' | 'error'>) {
  return (
    <>
      {error.value !== undefined && (
        <p class="notice danger" role="alert">
          {error.value}
        </p>
      )}
      {value.value === undefined && error.value === undefined && <p class="muted loading">Loading…</p>}
    </>
  )
}

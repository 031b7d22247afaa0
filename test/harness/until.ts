import { setTimeout as sleep } from 'node:timers/promises'

/** Resolves when the condition holds; rejects, naming `what`, when it does not in time. For states that nobody announces. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`in vain: ${what}`)
    await sleep(10)
  }
}

/** So many routes lose their targets before sockets get their turn. */
const STEPS_PER_TURN = 50

/** Takes all steps of a job that nobody waits for, a few at a time. */
export function takeSteps(steps: Iterator<undefined>): void {
  for (let step = 0; step < STEPS_PER_TURN; step++) if (steps.next().done === true) return
  setImmediate(() => takeSteps(steps))
}

import type { ToWorker } from './messages.ts'

/** Parts of a change that may be under way to a worker that serves: the next one is there when one was taken in. */
const WINDOW = 2

/**
 * A change of many routes goes to a worker in parts, each of which waits until an earlier one was taken in. All at once they would be taken in
 * at once as well, for a thread reads everything that has arrived before it looks at its sockets again.
 */
export class PacedMessages {
  readonly #post: (message: ToWorker) => void
  readonly #queue: ToWorker[] = []
  #from = 0
  #underWay = 0
  /** False for a worker without connections, which nothing can hold up. */
  isPaced = false

  constructor(post: (message: ToWorker) => void) {
    this.#post = post
  }

  /** They arrive in this order, and behind those that were added before. */
  add(message: ToWorker): void {
    this.#queue.push(message)
    this.#pump()
  }

  /** The worker has taken in a part. */
  taken(): void {
    this.#underWay--
    this.#pump()
  }

  #pump(): void {
    for (; this.#from < this.#queue.length; this.#from++) {
      const message = this.#queue[this.#from]!
      if (message.kind === 'stage') {
        if (this.isPaced && this.#underWay >= WINDOW) return
        this.#underWay++
      }
      this.#post(message)
    }
    this.#queue.length = 0
    this.#from = 0
  }
}

/**
 * Which credentials have been verified, by their digest, with their user. Those that are not used for one to two turns are
 * forgotten: there are two generations, and a use takes a digest to the younger. Nothing else would make them invalid but a change of
 * the user, which is told by forget().
 */
export class PassedCredentials {
  readonly #capacity: number
  #young = new Map<string, string>()
  #old = new Map<string, string>()

  /** Holds at most twice `capacity` digests. */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  has(digest: string): boolean {
    if (this.#young.has(digest)) return true
    const user = this.#old.get(digest)
    if (user === undefined) return false
    this.#old.delete(digest)
    this.add(digest, user)
    return true
  }

  add(digest: string, user: string): void {
    if (this.#young.size >= this.#capacity) this.turn()
    this.#young.set(digest, user)
  }

  /** The young become old, and the old are forgotten. */
  turn(): void {
    this.#old = this.#young
    this.#young = new Map()
  }

  forget(users: readonly string[]): void {
    if (users.length === 0) return
    const gone = new Set(users)
    for (const generation of [this.#young, this.#old]) {
      for (const [digest, user] of generation) {
        if (gone.has(user)) generation.delete(digest)
      }
    }
  }

  clear(): void {
    this.#young.clear()
    this.#old.clear()
  }
}

import { hash, randomBytes } from 'node:crypto'
import type { HtpasswdUser } from './htpasswd.ts'
import { matchesPassword } from './match-password.ts'

/** The users of one scheme, as its file had them when it was last read. */
export class Users {
  readonly #users: ReadonlyMap<string, HtpasswdUser>
  readonly #all: readonly HtpasswdUser[]
  readonly #seed = randomBytes(16).toString('hex')

  constructor(users: ReadonlyMap<string, HtpasswdUser> = new Map()) {
    this.#users = users
    this.#all = [...users.values()]
  }

  /** Takes up to seconds. */
  verify(name: string, password: string): boolean {
    const user = this.#users.get(name)
    if (user !== undefined && user.hash.kind !== 'never') return matchesPassword(user.hash, password)
    // Work as if the user existed, or the time would tell who does: always against the same hash for the same name.
    const decoy = this.#all[Number.parseInt(hash('sha256', this.#seed + name).slice(0, 8), 16) % this.#all.length]
    if (decoy !== undefined) matchesPassword(decoy.hash, password)
    return false
  }

  /** The names whose password is another one in `next`, or that are missing there. */
  lostIn(next: Users): readonly string[] {
    const lost: string[] = []
    for (const [name, { encoded }] of this.#users) {
      if (next.#users.get(name)?.encoded !== encoded) lost.push(name)
    }
    return lost
  }
}

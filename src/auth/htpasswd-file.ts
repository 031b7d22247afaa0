import { readFile, stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { getSystemErrorMessage } from 'node:util'
import { type HtpasswdProblem, parseHtpasswd } from './htpasswd.ts'
import { Users } from './users.ts'

export interface HtpasswdFileOptions {
  readonly path: string
  readonly log: { info(text: string): void; warn(text: string): void }
  /** There are other users now; `lost` names those whose password is another one, or who are gone. */
  readonly onChange: (lost: readonly string[]) => void
}

/** Bad lines of one file that are told one by one. */
const MAX_TOLD_PROBLEMS = 20

/** An htpasswd file and the users it had when it was last read; none while it is missing. */
export class HtpasswdFile {
  readonly #options: HtpasswdFileOptions
  #users = new Users()
  /** What the file looked like when it was read; undefined before, and after it was missing. */
  #stamp: string | undefined
  #lastComplaint = ''

  constructor(options: HtpasswdFileOptions) {
    this.#options = options
  }

  get users(): Users {
    return this.#users
  }

  get isLoaded(): boolean {
    return this.#stamp !== undefined
  }

  /** @throws Error in Go's words, such as `open /etc/x: no such file or directory` */
  async load(): Promise<void> {
    // Looked at before it is read: what is written in between is then seen as a change.
    const stamp = await stampOf(this.#options.path).catch((cause: unknown) => fail('open', this.#options.path, cause))
    await this.#read()
    this.#stamp = stamp
  }

  /** Reads the file again if it looks different, and clears the users when it is missing. Never throws. */
  async refresh(): Promise<void> {
    const { path, log } = this.#options
    let stamp: string
    try {
      stamp = await stampOf(path)
    } catch (cause) {
      this.#complain(`Error accessing htpasswd file: ${describe('stat', path, cause)}`)
      return this.#clear()
    }
    if (stamp === this.#stamp) return
    try {
      await this.#read()
    } catch (cause) {
      return this.#complain(`Error reloading htpasswd file: ${cause instanceof Error ? cause.message : String(cause)}`)
    }
    this.#stamp = stamp
    this.#lastComplaint = ''
    log.info(`The htpasswd file has been successfully reloaded: ${path}`)
  }

  /** Refreshes for ever, with pauses; or with no interval until the file has been read once. */
  async watch(intervalMs: number): Promise<void> {
    const pauseMs = intervalMs === 0 ? UNLOADED_RETRY_MS : intervalMs
    while (intervalMs !== 0 || !this.isLoaded) {
      await sleep(pauseMs)
      await this.refresh()
    }
  }

  async #read(): Promise<void> {
    const { path } = this.#options
    let text: string
    try {
      text = await readFile(path, 'latin1')
    } catch (cause) {
      return fail('open', path, cause)
    }
    const { users, problems } = parseHtpasswd(text)
    this.#tell(problems)
    this.#replace(new Users(users))
  }

  #tell(problems: readonly HtpasswdProblem[]): void {
    const { path, log } = this.#options
    for (const { line, problem } of problems.slice(0, MAX_TOLD_PROBLEMS)) {
      log.warn(`Error processing a line in an htpasswd file: ${problem}: line ${line} of ${path}`)
    }
    const untold = problems.length - MAX_TOLD_PROBLEMS
    if (untold > 0) log.warn(`Error processing a line in an htpasswd file: ${untold} more lines of ${path}`)
  }

  #clear(): void {
    if (this.#stamp === undefined) return
    this.#stamp = undefined
    this.#replace(new Users())
    this.#options.log.info(`The htpasswd credentials have been cleared: ${this.#options.path}`)
  }

  #replace(users: Users): void {
    const lost = this.#users.lostIn(users)
    this.#users = users
    this.#options.onChange(lost)
  }

  /** Once, and not at every interval. */
  #complain(text: string): void {
    if (text === this.#lastComplaint) return
    this.#lastComplaint = text
    this.#options.log.warn(text)
  }
}

/** How often a file that was not to be refreshed, but could not be read either, is tried again. */
const UNLOADED_RETRY_MS = 1000

/** Time alone may stay the same: two writes within a tick of the clock, or a file moved there with its time kept. */
async function stampOf(path: string): Promise<string> {
  const { mtimeNs, size, dev, ino } = await stat(path, { bigint: true })
  return `${mtimeNs} ${size} ${dev} ${ino}`
}

function fail(operation: string, path: string, cause: unknown): never {
  throw new Error(describe(operation, path, cause), { cause })
}

/** Where libuv and Go use other words. */
const GO_WORDS: ReadonlyMap<string, string> = new Map([
  ['EISDIR', 'is a directory'],
  ['ELOOP', 'too many levels of symbolic links'],
  ['ENAMETOOLONG', 'file name too long'],
])

/** `open /etc/x: no such file or directory`, as Go says it. */
function describe(operation: string, path: string, cause: unknown): string {
  const { errno, code = '', syscall } = cause as NodeJS.ErrnoException
  if (errno === undefined) return cause instanceof Error ? cause.message : String(cause)
  const words = GO_WORDS.get(code) ?? getSystemErrorMessage(errno)
  const doing = syscall === 'read' ? 'read' : operation
  return `${doing === 'read' ? 'Error scanning htpasswd file: ' : ''}${doing} ${path}: ${words}`
}

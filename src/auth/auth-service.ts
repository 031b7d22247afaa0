import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { AuthSchemeSpec } from '../config/auth-scheme-spec.ts'
import type { Log } from '../log/log.ts'
import type { AuthThreadSettings, FromAuthThread, ToAuthThread } from './auth-messages.ts'

/** The authentication thread, as the control plane sees it. */
export interface AuthService extends AsyncDisposable {
  /** A way to the thread for one worker, to be transferred to it. Its other end is closed while there is no thread. */
  connect(): MessagePort
  /** The thread died and there is another: ports from before are closed, and every worker needs a new one. */
  onReplaced(listener: () => void): void
}

/** A thread that dies again and again is started again and again, at this pace. */
const FIRST_RESTART_MS = 50
const MAX_RESTART_MS = 5000
const CALM_MS = 60_000

/**
 * Reads the files of all schemes, and starts the thread that holds their users; none without schemes.
 * @throws Error when a file cannot be read, in Fabio's words: `open /etc/x: no such file or directory`
 */
export async function startAuth(
  schemes: ReadonlyMap<string, AuthSchemeSpec>,
  { log }: { readonly log: Log },
): Promise<AuthService> {
  const service = new ThreadedAuth([...schemes.values()], log)
  if (schemes.size === 0) return service
  try {
    await service.start({ isReplacement: false })
  } catch (cause) {
    await service[Symbol.asyncDispose]()
    throw cause
  }
  return service
}

class ThreadedAuth implements AuthService {
  readonly #schemes: readonly AuthSchemeSpec[]
  readonly #log: Log
  readonly #listeners: (() => void)[] = []
  #thread: Worker | undefined
  #restartTimer: NodeJS.Timeout | undefined
  #restarts = { count: 0, last: 0 }
  /** From the first thread that was ready to the end: in between, a thread that ends is replaced. */
  #isServing = false

  constructor(schemes: readonly AuthSchemeSpec[], log: Log) {
    this.#schemes = schemes
    this.#log = log
  }

  connect(): MessagePort {
    const { port1: asker, port2: port } = new MessageChannel()
    if (this.#thread === undefined) port.close()
    else this.#thread.postMessage({ port } satisfies ToAuthThread, [port])
    return asker
  }

  onReplaced(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** Resolves when all files are read. Rejects when one cannot be, or the thread ends before. */
  async start({ isReplacement }: { readonly isReplacement: boolean }): Promise<void> {
    const settings: AuthThreadSettings = { schemes: this.#schemes, isReplacement }
    const thread = new Worker(new URL(threadFile(), import.meta.url), { workerData: settings, name: 'fabio auth' })
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    let cause = ''
    thread.on('message', (message: FromAuthThread) => {
      if (message.kind === 'log') return this.#log[message.level](message.text)
      if (message.kind === 'failed') return reject(new Error(message.reason))
      this.#isServing = true
      resolve()
    })
    thread.on('error', (error: unknown) => {
      cause = error instanceof Error ? (error.stack ?? error.message) : String(error)
    })
    thread.on('exit', code => {
      cause ||= `exit code ${code}`
      reject(new Error(`the auth thread died: ${cause}`))
      this.#onExit(thread, cause)
    })
    this.#thread = thread
    await promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isServing = false
    clearTimeout(this.#restartTimer)
    await this.#thread?.terminate()
  }

  #onExit(thread: Worker, cause: string): void {
    if (this.#thread !== thread) return
    this.#thread = undefined
    if (!this.#isServing) return
    this.#log.error(`auth thread died and is replaced: ${cause}`)
    this.#restartTimer = setTimeout(() => void this.#replace(), this.#restartDelay())
  }

  async #replace(): Promise<void> {
    try {
      await this.start({ isReplacement: true })
    } catch {
      // It died as it started, which its exit has reported and answered with the next attempt.
      return
    }
    for (const listener of this.#listeners) listener()
  }

  #restartDelay(): number {
    const now = performance.now()
    const { count: known, last } = this.#restarts
    const count = last === 0 || now - last > CALM_MS ? 0 : known + 1
    this.#restarts = { count, last: now }
    return count === 0 ? 0 : Math.min(FIRST_RESTART_MS * 2 ** (count - 1), MAX_RESTART_MS)
  }
}

/** Beside this file: the source when the source runs, its bundle when the build does. */
function threadFile(): string {
  return import.meta.url.endsWith('.ts') ? './auth-thread.ts' : './auth-thread.mjs'
}

import type { MessagePort } from 'node:worker_threads'
import type { Question, ToAsker } from './auth-messages.ts'
import { formatBasicChallenge } from './basic-challenge.ts'
import { hasBasicPrefix, parseBasicCredentials } from './basic-credentials.ts'
import { clientLine } from './client-line.ts'
import { createDigester } from './digester.ts'
import { FairQueue } from './fair-queue.ts'
import { PassedCredentials } from './passed-credentials.ts'

/** May this request come in? */
export type Verdict =
  | { readonly kind: 'pass' }
  /** `challenge` is the value of the WWW-Authenticate header, Latin-1. */
  | { readonly kind: 'denied'; readonly challenge: string }
  /** The route names a scheme that is not configured: denied, and there is nothing to challenge with. */
  | { readonly kind: 'unknown-scheme' }
  /** Too many credentials wait to be verified: nobody knows. */
  | { readonly kind: 'busy' }

export interface Attempt {
  /** Name of the scheme, from the route. */
  readonly scheme: string
  /** Value of the Authorization header, Latin-1. */
  readonly authorization: string
  /** Address of the client. Clients take turns. */
  readonly client: string
}

/** A verdict that is waited for. */
export interface PendingVerdict {
  /** Nobody waits any more: the callback is not called. */
  cancel(): void
}

export interface AuthLimits {
  /** Credentials of all clients that wait to be verified. */
  readonly waiting: number
  /** How long credentials wait for their turn, in milliseconds. */
  readonly waitMs: number
  /** How long the authentication thread may take for them, in milliseconds. */
  readonly verifyMs: number
}

const LIMITS: AuthLimits = { waiting: 512, waitMs: 10_000, verifyMs: 30_000 }

/** What passed is remembered for one to two minutes after its last use, what was denied for a second at most. */
const TICK_MS = 1000
const TICKS_PER_TURN = 60
const REMEMBERED = 10_000
const MAX_DENIED = 10_000

const PASS: Verdict = { kind: 'pass' }
const UNKNOWN_SCHEME: Verdict = { kind: 'unknown-scheme' }
const BUSY: Verdict = { kind: 'busy' }

type Callback = (verdict: Verdict) => void

interface Scheme {
  readonly denied: Verdict
  readonly passed: PassedCredentials
  readonly failed: Set<string>
  /** By the digest of the header. */
  readonly jobs: Map<string, Job>
}

/** Credentials to be verified, once for all requests that wait for it. */
interface Job {
  readonly scheme: Scheme
  readonly digest: string
  readonly question: Question
  readonly line: string
  readonly waiters: Set<{ readonly callback: Callback }>
  timer: NodeJS.Timeout | undefined
}

/**
 * Authentication as a worker sees it: what is known is answered at once, and the rest by the authentication thread, one at a
 * time, so that neither thread ever has more to do than the next verification.
 */
export class Authenticator implements Disposable {
  readonly #schemes = new Map<string, Scheme>()
  readonly #limits: AuthLimits
  readonly #digest = createDigester()
  readonly #queue: FairQueue<Job>
  readonly #timer: NodeJS.Timeout
  #ticks = 0
  /** undefined while there is no thread. */
  #port: MessagePort | undefined
  /** What the thread is at. */
  #current: Job | undefined

  constructor(
    schemes: Iterable<{ readonly name: string; readonly realm: string }>,
    port: MessagePort,
    limits = LIMITS,
  ) {
    for (const { name, realm } of schemes) {
      const denied: Verdict = Object.freeze({ kind: 'denied', challenge: formatBasicChallenge(realm) })
      this.#schemes.set(name, {
        denied,
        passed: new PassedCredentials(REMEMBERED),
        failed: new Set(),
        jobs: new Map(),
      })
    }
    this.#limits = limits
    this.#queue = new FairQueue(limits.waiting)
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref()
    this.connect(port)
  }

  /** Goes on with another thread. What is remembered is forgotten: files may have changed while none watched them. */
  connect(port: MessagePort): void {
    this.#port?.close()
    this.#lose()
    this.#port = port
    // An answer of a thread before must never be taken for one to what this thread is asked.
    port.on('message', (message: ToAsker) => {
      if (this.#port === port) this.#receive(message)
    })
    port.on('close', () => {
      if (this.#port === port) this.#lose()
    })
    this.#askNext()
  }

  /**
   * The verdict if it can be told at once; undefined when the credentials have to be verified.
   * @param authorization value of the first Authorization header, Latin-1
   */
  check(scheme: string, authorization: string | undefined): Verdict | undefined {
    const known = this.#schemes.get(scheme)
    if (known === undefined) return UNKNOWN_SCHEME
    if (authorization === undefined || !hasBasicPrefix(authorization)) return known.denied
    const digest = this.#digest(authorization)
    if (known.passed.has(digest)) return PASS
    if (known.failed.has(digest) || parseBasicCredentials(authorization) === undefined) return known.denied
    return undefined
  }

  /** To be called when check() does not know. The callback is called once, later: after seconds, if it must be. */
  verify(attempt: Attempt, callback: Callback): PendingVerdict {
    const { scheme, authorization, client } = attempt
    const verdict = this.check(scheme, authorization)
    const known = this.#schemes.get(scheme)
    const credentials = parseBasicCredentials(authorization)
    if (verdict !== undefined || known === undefined || credentials === undefined) {
      return tellSoon(callback, verdict ?? UNKNOWN_SCHEME)
    }
    const digest = this.#digest(authorization)
    const job = known.jobs.get(digest) ?? {
      scheme: known,
      digest,
      question: { scheme, ...credentials },
      line: clientLine(client),
      waiters: new Set(),
      timer: undefined,
    }
    const waiter = { callback }
    job.waiters.add(waiter)
    if (!known.jobs.has(digest)) this.#add(job)
    return { cancel: () => this.#leave(job, waiter) }
  }

  /** Everything that waits is told to be busy. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#port?.close()
    this.#lose()
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) this.#finish(job, BUSY)
  }

  #add(job: Job): void {
    job.scheme.jobs.set(job.digest, job)
    job.timer = setTimeout(() => {
      this.#queue.remove(job.line, job)
      this.#finish(job, BUSY)
    }, this.#limits.waitMs)
    const dropped = this.#queue.push(job.line, job)
    // Later, because verify() has not returned yet.
    if (dropped !== undefined) process.nextTick(() => this.#finish(dropped, BUSY))
    this.#askNext()
  }

  #leave(job: Job, waiter: { readonly callback: Callback }): void {
    job.waiters.delete(waiter)
    if (job.waiters.size > 0 || job === this.#current) return
    this.#queue.remove(job.line, job)
    this.#finish(job, BUSY)
  }

  #askNext(): void {
    if (this.#port === undefined || this.#current !== undefined) return
    const job = this.#queue.shift()
    if (job === undefined) return
    this.#current = job
    clearTimeout(job.timer)
    // The thread is still at it then, so nothing else is asked; only nobody waits for it any longer.
    job.timer = setTimeout(() => this.#finish(job, BUSY), this.#limits.verifyMs)
    this.#port.postMessage(job.question)
  }

  #receive(message: ToAsker): void {
    if (message.kind === 'changed') {
      const scheme = this.#schemes.get(message.scheme)
      scheme?.passed.forget(message.lost)
      scheme?.failed.clear()
      return
    }
    const job = this.#current
    if (job === undefined) return
    const { scheme, digest, question } = job
    if (message.isValid) scheme.passed.add(digest, question.user)
    else if (scheme.failed.size < MAX_DENIED) scheme.failed.add(digest)
    this.#current = undefined
    this.#askNext()
    this.#finish(job, message.isValid ? PASS : scheme.denied)
  }

  /** The thread is gone. What it was at may have been what killed it, and is not asked again. */
  #lose(): void {
    const job = this.#current
    this.#port = undefined
    this.#current = undefined
    for (const { passed, failed } of this.#schemes.values()) {
      passed.clear()
      failed.clear()
    }
    if (job !== undefined) this.#finish(job, BUSY)
  }

  #finish(job: Job, verdict: Verdict): void {
    clearTimeout(job.timer)
    if (job.scheme.jobs.get(job.digest) === job) job.scheme.jobs.delete(job.digest)
    const waiters = [...job.waiters]
    job.waiters.clear()
    for (const { callback } of waiters) callback(verdict)
  }

  #tick(): void {
    this.#ticks++
    for (const { passed, failed } of this.#schemes.values()) {
      failed.clear()
      if (this.#ticks % TICKS_PER_TURN === 0) passed.turn()
    }
  }
}

function tellSoon(callback: Callback, verdict: Verdict): PendingVerdict {
  let isWanted = true
  process.nextTick(() => {
    if (isWanted) callback(verdict)
  })
  return {
    cancel: () => {
      isWanted = false
    },
  }
}

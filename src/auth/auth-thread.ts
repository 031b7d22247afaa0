// The authentication thread: the users of all schemes, and the one place where passwords are verified. Nothing waits for it
// but the requests whose credentials it was asked about.

import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { AuthSchemeSpec } from '../config/auth-scheme-spec.ts'
import type { AuthThreadSettings, FromAuthThread, Question, ToAsker, ToAuthThread } from './auth-messages.ts'
import { createDigester } from './digester.ts'
import { HtpasswdFile } from './htpasswd-file.ts'
import { PassedCredentials } from './passed-credentials.ts'

/** So that the workers, who remember each for itself, cost one verification together. */
const REMEMBERED = 10_000
const FORGET_MS = 60_000

interface Scheme {
  readonly spec: AuthSchemeSpec
  readonly file: HtpasswdFile
  readonly passed: PassedCredentials
}

interface Waiting {
  readonly port: MessagePort
  readonly question: Question
}

class AuthThread {
  readonly #schemes = new Map<string, Scheme>()
  readonly #ports = new Set<MessagePort>()
  /** At most one a worker. */
  readonly #waiting: Waiting[] = []
  readonly #parent: MessagePort
  readonly #digest = createDigester()

  constructor(schemes: readonly AuthSchemeSpec[], parent: MessagePort) {
    this.#parent = parent
    for (const spec of schemes) this.#schemes.set(spec.name, this.#createScheme(spec))
  }

  async start(isReplacement: boolean): Promise<void> {
    for (const { spec, file } of this.#schemes.values()) {
      try {
        if (isReplacement) await file.refresh()
        else await file.load()
      } catch (cause) {
        return this.#tell({ kind: 'failed', reason: cause instanceof Error ? cause.message : String(cause) })
      }
      void file.watch(spec.refreshMs)
    }
    setInterval(() => {
      for (const { passed } of this.#schemes.values()) passed.turn()
    }, FORGET_MS)
    this.#parent.on('message', ({ port }: ToAuthThread) => this.#connect(port))
    this.#tell({ kind: 'ready' })
  }

  #createScheme(spec: AuthSchemeSpec): Scheme {
    const passed = new PassedCredentials(REMEMBERED)
    const file = new HtpasswdFile({
      path: spec.file,
      log: {
        info: text => this.#tell({ kind: 'log', level: 'info', text }),
        warn: text => this.#tell({ kind: 'log', level: 'warn', text }),
      },
      onChange: lost => {
        passed.forget(lost)
        for (const port of this.#ports) say(port, { kind: 'changed', scheme: spec.name, lost })
      },
    })
    return { spec, file, passed }
  }

  #connect(port: MessagePort): void {
    this.#ports.add(port)
    port.on('close', () => this.#ports.delete(port))
    port.on('message', (question: Question) => {
      this.#waiting.push({ port, question })
      if (this.#waiting.length === 1) setImmediate(() => this.#answerNext())
    })
  }

  /** One a turn of the loop: between two, other workers are heard and files are read. */
  #answerNext(): void {
    const next = this.#waiting[0]
    if (next !== undefined && this.#ports.has(next.port)) {
      say(next.port, { kind: 'answer', isValid: this.#verify(next.question) })
    }
    this.#waiting.shift()
    if (this.#waiting.length > 0) setImmediate(() => this.#answerNext())
  }

  #verify({ scheme, user, password }: Question): boolean {
    const known = this.#schemes.get(scheme)
    if (known === undefined) return false
    const digest = this.#digest(`${user}:${password}`)
    if (known.passed.has(digest)) return true
    const isValid = known.file.users.verify(user, password)
    if (isValid) known.passed.add(digest, user)
    return isValid
  }

  #tell(message: FromAuthThread): void {
    this.#parent.postMessage(message)
  }
}

function say(port: MessagePort, message: ToAsker): void {
  port.postMessage(message)
}

if (parentPort === null) throw new Error('auth-thread.ts is started by auth-service.ts, in a thread')
const { schemes, isReplacement } = workerData as AuthThreadSettings
await new AuthThread(schemes, parentPort).start(isReplacement)

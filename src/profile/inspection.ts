import { type InspectorNotification, Session } from 'node:inspector'

/** A thread of this process as V8's inspector sees it. */
export interface InspectedThread {
  /** `worker-0`; '' for the main thread. No two threads have the same. */
  readonly name: string
  /** Calls a method of the protocol (https://chromedevtools.github.io/devtools-protocol/v8/). Rejects when the thread does not answer. */
  post(method: string, parameters?: object): Promise<Readonly<Record<string, unknown>>>
}

/** A thread that is too busy to answer must not hold up the end of the process. */
const ANSWER_TIMEOUT_MS = 5000

interface WorkerAttached {
  readonly sessionId: string
  readonly workerInfo: { readonly title: string }
}

interface WorkerMessage {
  readonly sessionId: string
  readonly message: string
}

/**
 * The inspector's view of all threads, from within: the main thread's session is handed what workers say as well, so that
 * nothing has to be built into them.
 */
export class Inspection implements Disposable {
  readonly #session = new Session()
  readonly #workers = new Map<string, WorkerThread>()
  readonly #onThread: (thread: InspectedThread) => Promise<void>
  readonly #onError: (cause: unknown) => void

  private constructor(onThread: (thread: InspectedThread) => Promise<void>, onError: (cause: unknown) => void) {
    this.#onThread = onThread
    this.#onError = onError
  }

  /** `onThread` is called with every thread there is, and later with every new one. */
  static async start(
    onThread: (thread: InspectedThread) => Promise<void>,
    onError: (cause: unknown) => void,
  ): Promise<Inspection> {
    const inspection = new Inspection(onThread, onError)
    const session = inspection.#session
    session.connect()
    session.on('NodeWorker.attachedToWorker', message => inspection.#attach(message))
    session.on('NodeWorker.detachedFromWorker', ({ params }) => inspection.#workers.delete(params.sessionId))
    session.on('NodeWorker.receivedMessageFromWorker', message => inspection.#receive(message))
    await onThread(inspection.#mainThread())
    await inspection.#post('NodeWorker.enable', { waitForDebuggerOnStart: false })
    return inspection
  }

  threads(): readonly InspectedThread[] {
    return [this.#mainThread(), ...this.#workers.values()]
  }

  [Symbol.dispose](): void {
    this.#session.disconnect()
  }

  #mainThread(): InspectedThread {
    return { name: '', post: (method, parameters) => this.#post(method, parameters) }
  }

  #post(method: string, parameters: object = {}): Promise<Readonly<Record<string, unknown>>> {
    return new Promise((resolve, reject) => {
      this.#session.post(method, parameters, (error, result) => {
        if (error === null) resolve({ ...result })
        else reject(new Error(`${method}: ${error.message}`, { cause: error }))
      })
    })
  }

  #attach({ params }: InspectorNotification<WorkerAttached>): void {
    const { sessionId, workerInfo } = params
    const send = (message: string) => this.#post('NodeWorker.sendMessageToWorker', { sessionId, message })
    const thread = new WorkerThread(this.#nameFor(workerInfo.title), send)
    this.#workers.set(sessionId, thread)
    this.#onThread(thread).catch(this.#onError)
  }

  /** `[worker 3] fabio worker 0` is `worker-0`; one that takes its place is `worker-0-2`. */
  #nameFor(title: string): string {
    const plain = title.replace(/^\[worker \d+\] */, '').replace(/^fabio /, '')
    const name = plain.replaceAll(/[^A-Za-z0-9]+/g, '-').replaceAll(/^-|-$/g, '') || 'thread'
    const taken = new Set([...this.#workers.values()].map(worker => worker.name))
    let unique = name
    for (let number = 2; taken.has(unique); number++) unique = `${name}-${number}`
    return unique
  }

  #receive({ params }: InspectorNotification<WorkerMessage>): void {
    this.#workers.get(params.sessionId)?.receive(params.message)
  }
}

class WorkerThread implements InspectedThread {
  readonly name: string
  readonly #send: (message: string) => Promise<unknown>
  readonly #waiting = new Map<number, (answer: WorkerAnswer) => void>()
  #lastId = 0

  constructor(name: string, send: (message: string) => Promise<unknown>) {
    this.name = name
    this.#send = send
  }

  async post(method: string, parameters: object = {}): Promise<Readonly<Record<string, unknown>>> {
    const id = ++this.#lastId
    const { promise, resolve, reject } = Promise.withResolvers<WorkerAnswer>()
    const late = new Error(`${method}: ${this.name} does not answer`)
    const timer = setTimeout(() => reject(late), ANSWER_TIMEOUT_MS)
    this.#waiting.set(id, resolve)
    try {
      await this.#send(JSON.stringify({ id, method, params: parameters }))
      const { result, error } = await promise
      if (result === undefined) throw new Error(`${method}: ${error?.message ?? 'no answer'}`)
      return result
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(id)
    }
  }

  receive(message: string): void {
    const answer: WorkerAnswer = JSON.parse(message)
    this.#waiting.get(answer.id)?.(answer)
  }
}

interface WorkerAnswer {
  /** That of the call; what has none is an event. */
  readonly id: number
  readonly result?: Readonly<Record<string, unknown>>
  readonly error?: { readonly message: string }
}

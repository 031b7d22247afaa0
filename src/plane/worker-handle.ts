import { Worker } from 'node:worker_threads'
import type { FromWorker, ToWorker, WorkerSettings } from './messages.ts'
import { PacedMessages } from './paced-messages.ts'

export interface WorkerEvents {
  onMessage(message: FromWorker): void
  /** The thread has ended, asked or not. */
  onExit(code: number, error: Error | undefined): void
}

/** The control plane's end of one worker thread. */
export class WorkerHandle {
  readonly index: number
  /** The version of the table that it serves. */
  serving = -1
  isListening = false
  hasExited = false
  /** Parts of changes. */
  readonly changes = new PacedMessages(message => this.post(message))
  private readonly worker: Worker
  private error: Error | undefined

  constructor(settings: WorkerSettings, events: WorkerEvents) {
    this.index = settings.index
    this.worker = new Worker(new URL(workerFile(), import.meta.url), {
      workerData: settings,
      transferList: [settings.auth],
      name: `fabio worker ${settings.index}`,
    })
    this.worker.on('message', (message: FromWorker) => events.onMessage(message))
    this.worker.on('error', error => {
      this.error = error instanceof Error ? error : new Error(String(error))
    })
    this.worker.on('exit', code => {
      this.hasExited = true
      events.onExit(code, this.error)
    })
  }

  post(message: ToWorker): void {
    this.worker.postMessage(message, message.kind === 'auth' ? [message.port] : [])
  }

  async terminate(): Promise<void> {
    await this.worker.terminate()
  }
}

/** Beside this file: the source when the source runs, its bundle when the build does. */
function workerFile(): string {
  return import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.mjs'
}

import type { Worker } from 'node:worker_threads'

/** The worker threads that this process starts while it is watched. */
export class WorkerThreads implements Disposable {
  readonly all: Worker[] = []
  private readonly onWorker = (worker: Worker): void => {
    this.all.push(worker)
    worker.once('exit', () => this.all.splice(this.all.indexOf(worker), 1))
  }

  constructor() {
    process.on('worker', this.onWorker)
  }

  /** Ends one as a crash would: at once, whatever it is doing. */
  async kill(index: number): Promise<void> {
    await this.all[index]?.terminate()
  }

  [Symbol.dispose](): void {
    process.off('worker', this.onWorker)
  }
}

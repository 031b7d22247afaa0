import type { Log } from './log/log.ts'

/** Owns what runs, and stops it newest first: what was started last leans on what was there before. */
export class Lifecycle implements AsyncDisposable {
  private readonly log: Log
  private readonly owned: { name: string; thing: AsyncDisposable | Disposable }[] = []
  private stopping: Promise<void> | undefined

  constructor(log: Log) {
    this.log = log
  }

  /** Acquire and hand over in one line: `app.own('admin', await startAdmin(…))`. */
  own<T extends AsyncDisposable | Disposable>(name: string, thing: T): T {
    this.owned.push({ name, thing })
    return thing
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.stopping ??= this.stop()
    return this.stopping
  }

  private async stop(): Promise<void> {
    for (let last = this.owned.pop(); last !== undefined; last = this.owned.pop()) {
      const { name, thing } = last
      try {
        if (Symbol.asyncDispose in thing) await thing[Symbol.asyncDispose]()
        else thing[Symbol.dispose]()
      } catch (cause) {
        // One part that does not stop well must not keep the others from stopping.
        this.log.error(`${name} did not stop well: ${cause instanceof Error ? cause.message : String(cause)}`)
      }
    }
  }
}

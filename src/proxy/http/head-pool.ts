import { Http1Head } from '../../wire/http1-head.ts'

const MAX_KEPT = 256

/** Heads are used again: as many as there are requests at a time, not one a connection and not one a request. */
export class HeadPool {
  private readonly free: Http1Head[] = []

  take(): Http1Head {
    return this.free.pop() ?? new Http1Head()
  }

  give(head: Http1Head): void {
    if (this.free.length < MAX_KEPT) this.free.push(head)
  }
}

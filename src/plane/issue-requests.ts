/** Who waits in this thread for a certificate that the control plane has made. */
export class IssueRequests {
  private readonly waiting = new Map<string, (() => void)[]>()
  private readonly ask: (source: string, serverName: string) => void

  constructor(ask: (source: string, serverName: string) => void) {
    this.ask = ask
  }

  /** `done` is called when there is an answer; all who want the same name wait for the same one. */
  add(source: string, serverName: string, done: () => void): void {
    const key = keyOf(source, serverName)
    const known = this.waiting.get(key)
    if (known !== undefined) return void known.push(done)
    this.waiting.set(key, [done])
    this.ask(source, serverName)
  }

  answered(source: string, serverName: string): void {
    const key = keyOf(source, serverName)
    const waiting = this.waiting.get(key) ?? []
    this.waiting.delete(key)
    for (const done of waiting) done()
  }
}

function keyOf(source: string, serverName: string): string {
  return `${source} ${serverName}`
}

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type Answer, readAnswer } from './read-answer.ts'

/** A machine with much else to do is no failure; nothing waits this long when all is well. */
const PATIENCE_MS = 30_000

/** A client that sends exactly the bytes it is told to, and shows exactly the bytes it gets. */
export class RawClient implements AsyncDisposable {
  readonly socket: Socket
  /** Latin-1. */
  received = ''
  hasEnded = false
  isClosed = false
  error: Error | undefined
  private readonly waiters = new Set<() => void>()

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', piece => {
      this.received += piece.toString('latin1')
      this.wake()
    })
    socket.on('end', () => {
      this.hasEnded = true
      this.wake()
    })
    socket.on('error', error => {
      this.error = error
    })
    socket.on('close', () => {
      this.isClosed = true
      this.wake()
    })
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    const client = new RawClient(socket)
    await once(socket, 'connect')
    return client
  }

  send(bytes: string): void {
    this.socket.write(bytes, 'latin1')
  }

  /** Resolves when what was received satisfies the condition; rejects when the connection ends before that. */
  async until(condition: (received: string) => boolean, timeoutMs = PATIENCE_MS): Promise<string> {
    const deadline = performance.now() + timeoutMs
    while (!condition(this.received)) {
      if (this.isClosed || this.hasEnded)
        throw new Error(`connection ended after ${JSON.stringify(this.received.slice(0, 2000))}`)
      await this.change(deadline)
    }
    return this.received
  }

  /** Resolves when the other side has ended or reset the connection. */
  async ended(timeoutMs = PATIENCE_MS): Promise<string> {
    const deadline = performance.now() + timeoutMs
    while (!this.hasEnded && !this.isClosed) await this.change(deadline)
    return this.received
  }

  /** Takes the next whole answer from what was received. The method is that of its request. */
  async answer(method = 'GET', timeoutMs = PATIENCE_MS): Promise<Answer> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const hasEnded = this.hasEnded || this.isClosed
      const answer = readAnswer(this.received, { method, hasEnded })
      if (answer !== undefined) {
        this.received = answer.rest
        return answer
      }
      if (hasEnded) throw new Error(`connection ended after ${JSON.stringify(this.received.slice(0, 2000))}`)
      await this.change(deadline)
    }
  }

  /** Sends the bytes and takes the answer to them. */
  async ask(bytes: string, timeoutMs = PATIENCE_MS): Promise<Answer> {
    this.send(bytes)
    return this.answer(bytes.slice(0, bytes.indexOf(' ')), timeoutMs)
  }

  private async change(deadline: number): Promise<void> {
    const left = deadline - performance.now()
    if (left <= 0) throw new Error(`nothing more came; received ${JSON.stringify(this.received.slice(0, 2000))}`)
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, left)
      this.waiters.add(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  private wake(): void {
    const waiters = [...this.waiters]
    this.waiters.clear()
    for (const waiter of waiters) waiter()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy()
    if (!this.isClosed) await once(this.socket, 'close')
  }
}

export function request(line: string, ...headers: string[]): string {
  return [line, ...headers, '', ''].join('\r\n')
}

import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { Question, ToAsker } from '../../src/auth/auth-messages.ts'

/** In place of the authentication thread where a test decides what it answers, when, and whether it does at all. */
export class ScriptedThread implements Disposable {
  /** For the authenticator. */
  readonly port: MessagePort
  readonly questions: Question[] = []
  readonly #own: MessagePort
  #wake: () => void = () => {}

  constructor() {
    const { port1, port2 } = new MessageChannel()
    this.port = port1
    this.#own = port2
    this.#own.on('message', (question: Question) => {
      this.questions.push(question)
      this.#wake()
    })
  }

  /** Resolves when so many questions were asked. */
  async asked(count: number): Promise<Question> {
    while (this.questions.length < count) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
    return this.questions[count - 1]!
  }

  say(message: ToAsker): void {
    this.#own.postMessage(message)
  }

  answer(isValid: boolean): void {
    this.say({ kind: 'answer', isValid })
  }

  die(): void {
    this.#own.close()
  }

  [Symbol.dispose](): void {
    this.#own.close()
  }
}

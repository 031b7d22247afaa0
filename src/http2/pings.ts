import type { Output } from './output.ts'

const CONTENT = Buffer.from('fabio\0\0\0', 'latin1')

/** Asks the peer for a sign of life, one at a time (RFC 9113 §6.7). */
export class Pings {
  private readonly output: Output
  private onAnswer: (() => void) | undefined

  constructor(output: Output) {
    this.output = output
  }

  ask(onAnswer: () => void): void {
    this.onAnswer = onAnswer
    this.output.writePing(CONTENT, 0, { isAck: false })
  }

  /** An answer has come; one that nobody asked for means nothing. `bytes[from, from + 8)` is what it carries. */
  answered(bytes: Buffer, from: number): void {
    const { onAnswer } = this
    if (onAnswer === undefined || CONTENT.compare(bytes, from, from + CONTENT.length) !== 0) return
    this.onAnswer = undefined
    onAnswer()
  }
}

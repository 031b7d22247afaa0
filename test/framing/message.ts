/** What a reader took for one message. Texts are Latin-1. */
export interface Message {
  /** Method and target, or the status. */
  readonly start: string
  /** Names and values by turns, in the order of the lines. */
  readonly headers: readonly string[]
  /** All of the body that came. */
  readonly body: string
  readonly isWhole: boolean
}

/** What a reader took from the bytes, from their beginning to where it refused them or they ended. */
export interface Reading {
  readonly messages: readonly Message[]
  /** Why it reads no further; undefined when it would have. */
  readonly refused: string | undefined
}

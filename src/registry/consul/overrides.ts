import type { RouteSink } from '../registry.ts'

/** The operator's route commands by key, as the sink has them. Each key is a text of its own, in which a bad line costs itself. */
export class Overrides {
  readonly #sink: RouteSink
  #texts: ReadonlyMap<string, string> = new Map()

  constructor(sink: RouteSink) {
    this.#sink = sink
  }

  /** By key, as the sink has them. */
  get texts(): ReadonlyMap<string, string> {
    return this.#texts
  }

  /** Gives the sink what differs. False: nothing does. */
  update(texts: ReadonlyMap<string, string>): boolean {
    const before = this.#texts
    const gone = [...before.keys()].filter(key => !texts.has(key))
    const changed = [...texts].filter(([key, text]) => before.get(key) !== text)
    for (const key of gone) this.#sink.removeText(key)
    for (const [key, text] of changed) this.#sink.setText(key, text)
    this.#texts = texts
    return gone.length + changed.length > 0
  }
}

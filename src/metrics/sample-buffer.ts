const INITIAL_LENGTH = 4096

/** Enough for a second of a worker at full speed; beyond it, observations are still counted but their values are lost. */
const MAX_LENGTH = 262_144

/** Single observations of all histograms of a worker, in order. Bounded; doubles until it fits what a worker makes between two drains. */
export class SampleBuffer {
  #ids = new Uint32Array(INITIAL_LENGTH)
  #values = new Float64Array(INITIAL_LENGTH)
  #length = 0

  add(id: number, seconds: number): void {
    if (this.#length === this.#values.length) {
      if (this.#length === MAX_LENGTH) return
      this.#double()
    }
    this.#ids[this.#length] = id
    this.#values[this.#length] = seconds
    this.#length++
  }

  /** Copies of what was added since the last call. */
  take(): { ids: Uint32Array; values: Float64Array } {
    const taken = { ids: this.#ids.slice(0, this.#length), values: this.#values.slice(0, this.#length) }
    this.#length = 0
    return taken
  }

  #double(): void {
    const ids = new Uint32Array(this.#ids.length * 2)
    const values = new Float64Array(this.#values.length * 2)
    ids.set(this.#ids)
    values.set(this.#values)
    this.#ids = ids
    this.#values = values
  }
}

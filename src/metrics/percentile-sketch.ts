/**
 * Approximate percentiles of a stream in constant space: a histogram of at most `maxBins` bins that merges the two closest
 * when there is one too many (Ben-Haim and Tom-Tov, "A Streaming Parallel Decision Tree Algorithm", JMLR 2010).
 * Fabio's Graphite numbers come from such a histogram with 50 bins.
 */
export class PercentileSketch {
  readonly #maxBins: number
  /** Ascending. */
  readonly #values: number[] = []
  readonly #counts: number[] = []
  #total = 0

  constructor(maxBins: number) {
    this.#maxBins = maxBins
  }

  add(value: number): void {
    this.#total++
    const at = this.#position(value)
    if (this.#values[at] === value) {
      this.#counts[at] = this.#counts[at]! + 1
      return
    }
    this.#values.splice(at, 0, value)
    this.#counts.splice(at, 0, 1)
    if (this.#values.length > this.#maxBins) this.#mergeClosest()
  }

  /** `fraction` 0.5 is the median. -1 while nothing was added. */
  percentile(fraction: number): number {
    let remaining = fraction * this.#total
    for (const [bin, value] of this.#values.entries()) {
      remaining -= this.#counts[bin]!
      if (remaining <= 0) return value
    }
    return -1
  }

  /** Where `value` is, or would have to be put. */
  #position(value: number): number {
    let low = 0
    let high = this.#values.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#values[middle]! < value) low = middle + 1
      else high = middle
    }
    return low
  }

  #mergeClosest(): void {
    const values = this.#values
    const counts = this.#counts
    let closest = 1
    for (let bin = 2; bin < values.length; bin++) {
      if (values[bin]! - values[bin - 1]! < values[closest]! - values[closest - 1]!) closest = bin
    }
    const left = closest - 1
    const count = counts[left]! + counts[closest]!
    values[left] = (values[left]! * counts[left]! + values[closest]! * counts[closest]!) / count
    counts[left] = count
    values.splice(closest, 1)
    counts.splice(closest, 1)
  }
}

/**
 * Counts by two significant decimal digits, the histogram that Circonus takes (openhistogram.io). A bin is a mantissa of
 * 10 to 99 and a power of ten; zero has a bin of its own.
 */
export class LogLinearHistogram {
  /** By mantissa and exponent in one number, see `binOf`. */
  readonly #counts = new Map<number, number>()

  /** `value` must not be negative: durations are not. */
  add(value: number, count = 1): void {
    const bin = binOf(value)
    this.#counts.set(bin, (this.#counts.get(bin) ?? 0) + count)
  }

  merge(other: LogLinearHistogram): void {
    for (const [bin, count] of other.#counts) this.#counts.set(bin, (this.#counts.get(bin) ?? 0) + count)
  }

  /** The binary form in base64: the number of bins, then mantissa, exponent and count of each, in ascending order. */
  serialize(): string {
    const bytes: number[] = [(this.#counts.size >> 8) & 0xff, this.#counts.size & 0xff]
    for (const [bin, count] of [...this.#counts].sort(([a], [b]) => a - b)) {
      bytes.push(mantissaOf(bin), exponentOf(bin) & 0xff, ...countBytes(count))
    }
    return Buffer.from(bytes).toString('base64')
  }
}

const ZERO_BIN = -1

/** So that bins sort like the values in them. */
function binOf(value: number): number {
  if (value === 0) return ZERO_BIN
  let exponent = Math.floor(Math.log10(value))
  if (exponent < -128) return ZERO_BIN
  // The smallest amount more keeps a value like 0.29 out of the bin below it, where binary fractions would put it.
  let mantissa = Math.floor((value / 10 ** exponent) * 10 + 1e-13)
  if (mantissa >= 100) {
    mantissa = Math.floor(mantissa / 10)
    exponent++
  }
  return (exponent + 128) * 100 + mantissa
}

function mantissaOf(bin: number): number {
  return bin === ZERO_BIN ? 0 : bin % 100
}

function exponentOf(bin: number): number {
  return bin === ZERO_BIN ? 0 : Math.floor(bin / 100) - 128
}

/** How many bytes follow, less one, then the count with its lowest byte first. */
function countBytes(count: number): number[] {
  const bytes: number[] = []
  let rest = count
  do {
    bytes.push(rest % 256)
    rest = Math.floor(rest / 256)
  } while (rest > 0)
  return [bytes.length - 1, ...bytes]
}

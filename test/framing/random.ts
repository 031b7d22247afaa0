/** Random choices that are the same again for the same seed and number: message N of a run needs none of those before it. */
export class Random {
  private state: number

  constructor(seed: number, number: number) {
    this.state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b)) >>> 0
    // Neighbouring numbers begin with neighbouring states; two rounds take them apart.
    this.next()
    this.next()
  }

  /** 32 random bits (mulberry32). */
  private next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let bits = this.state
    bits = Math.imul(bits ^ (bits >>> 15), bits | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return (bits ^ (bits >>> 14)) >>> 0
  }

  below(limit: number): number {
    return this.next() % limit
  }

  chance(percent: number): boolean {
    return this.below(100) < percent
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.below(choices.length)] ?? choices[0]
  }
}

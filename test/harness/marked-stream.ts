/** No power of two, so that no buffer is as long: what is a whole buffer late shows as well. */
const PERIOD = 65_521

/** Bytes that tell which stream they belong to, and where in it they stand: any byte of another stream is found out. */
export class MarkedStream {
  private readonly pattern = Buffer.allocUnsafe(PERIOD * 2)

  constructor(seed: number) {
    for (let i = 0; i < PERIOD; i++) {
      const mixed = Math.imul(Math.imul(seed + 1, 0x9e3779b1) ^ i, 0x85ebca6b)
      this.pattern[i] = (Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35) >>> 16) & 0xff
    }
    this.pattern.copy(this.pattern, PERIOD, 0, PERIOD)
  }

  bytes(from: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    for (let at = 0; at < length; at += PERIOD) this.part(from + at, Math.min(PERIOD, length - at)).copy(bytes, at)
    return bytes
  }

  /** Where the first byte is wrong that was received for `from` on; -1 when all are right. */
  firstWrong(received: Buffer, from: number): number {
    for (let at = 0; at < received.length; at += PERIOD) {
      const piece = received.subarray(at, at + PERIOD)
      const expected = this.part(from + at, piece.length)
      if (!piece.equals(expected)) return from + at + piece.findIndex((byte, i) => byte !== expected[i])
    }
    return -1
  }

  private part(from: number, length: number): Buffer {
    return this.pattern.subarray(from % PERIOD, (from % PERIOD) + length)
  }
}

/** Numbers that are the same in every run. */
export function createRandom(seed: number): (below: number) => number {
  let state = seed >>> 0
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

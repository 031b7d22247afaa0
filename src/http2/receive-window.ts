/** Kept for streams whose takers are slow, before the connection's window stays closed for what more they get. */
const MAX_KEPT_BYTES = 8_388_608

/**
 * What a peer may send on all streams of a connection. It opens again with what arrives, not with what is passed on, so that a slow stream
 * holds up only itself; unless too much has to be kept.
 */
export class ReceiveWindow {
  private readonly size: number
  private left: number
  private untoldBytes = 0
  private keptBytes = 0
  private owedBytes = 0

  constructor(size: number) {
    this.size = size
    this.left = size
  }

  /** So much has come. @returns false when it was more than was allowed */
  use(count: number): boolean {
    this.left -= count
    if (this.left < 0) return false
    this.untoldBytes += count
    return true
  }

  /** By how much to open the window again: 0 while that is not worth a frame. */
  takeIncrement(): number {
    const { untoldBytes } = this
    if (untoldBytes < this.size / 2) return 0
    this.untoldBytes = 0
    this.left += untoldBytes
    return untoldBytes
  }

  /** What came has to be kept. */
  keep(count: number): void {
    this.keptBytes += count
    if (this.keptBytes <= MAX_KEPT_BYTES) return
    this.owedBytes += count
    this.untoldBytes -= count
  }

  /** What was kept is gone. */
  free(count: number): void {
    this.keptBytes -= count
    const back = Math.min(this.owedBytes, count)
    this.owedBytes -= back
    this.untoldBytes += back
  }
}

// The buffers that links read into. Most reads of a thread go into one that all share and nobody keeps, so that connections at
// rest hold no memory for reading. Links that carry much get buffers of their own for a time, and those are used again: memory
// outside of the heap is paid for with collections of the whole heap, one for every few hundred buffers.

/** What a read takes at most. */
const SMALL_BYTES = 65_536
/** Of a link that fills a small buffer while its receiver keeps up: a quarter of the calls for the same bytes. */
const LARGE_BYTES = 262_144
/** Buffers kept for the next link that needs one: 4 MiB of each size a thread. */
const MAX_FREE_BYTES = 4_194_304

/** Who uses a buffer: the link that reads into it, and writes of it that are not done. */
interface Use {
  isReadInto: boolean
  writes: number
  isFree: boolean
}

let shared: Buffer | undefined
const freeSmall: Buffer[] = []
const freeLarge: Buffer[] = []
const uses = new WeakMap<Buffer, Use>()

/** The buffer of all. */
export function sharedBuffer(): Buffer {
  shared ??= Buffer.allocUnsafeSlow(SMALL_BYTES)
  return shared
}

/** A buffer for one link. Give it back with `leaveBuffer`. */
export function takeBuffer(options: { readonly isLarge: boolean }): Buffer {
  const { isLarge } = options
  const free = isLarge ? freeLarge : freeSmall
  const buffer = free.pop() ?? Buffer.allocUnsafeSlow(isLarge ? LARGE_BYTES : SMALL_BYTES)
  uses.set(buffer, { isReadInto: true, writes: 0, isFree: false })
  return buffer
}

/** Is there no larger one than this? */
export function isLargest(buffer: Buffer): boolean {
  return buffer.length === LARGE_BYTES
}

/** Nothing is read into the buffer any more. Writes of it may still be under way. The buffer of all stays. */
export function leaveBuffer(buffer: Buffer): void {
  const use = uses.get(buffer)
  if (use === undefined) return
  use.isReadInto = false
  recycle(buffer, use)
}

/**
 * `bytes[from, to)`, to be written, as bytes that stay as they are until the write is done: what is in the buffer of all is copied.
 * Call `done` with what is returned in `owner` then.
 */
export function holdPiece(bytes: Buffer, from: number, to: number): { readonly piece: Buffer; readonly owner: Buffer } {
  if (bytes === shared) {
    const copy = takeBuffer({ isLarge: false })
    bytes.copy(copy, 0, from, to)
    const use = uses.get(copy)
    if (use !== undefined) {
      use.isReadInto = false
      use.writes = 1
    }
    return { piece: copy.subarray(0, to - from), owner: copy }
  }
  const use = uses.get(bytes)
  if (use !== undefined) use.writes++
  return { piece: bytes.subarray(from, to), owner: bytes }
}

/** A write of the buffer is done, or will never be. */
export function releasePiece(owner: Buffer): void {
  const use = uses.get(owner)
  if (use === undefined) return
  use.writes--
  recycle(owner, use)
}

function recycle(buffer: Buffer, use: Use): void {
  if (use.isReadInto || use.writes > 0 || use.isFree) return
  const free = buffer.length === LARGE_BYTES ? freeLarge : freeSmall
  if (free.length * buffer.length >= MAX_FREE_BYTES) return
  use.isFree = true
  free.push(buffer)
}

import { encodeLines } from './access-bytes.ts'
import type { AccessFormat } from './access-log.ts'
import type { AccessRecord } from './access-record.ts'
import type { OutputWriter } from './output-writer.ts'

/** Lines on their way from a worker to the main thread. */
export interface AccessChunk {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly lines: number
  /** Lines that this worker threw away since its last chunk. */
  readonly dropped: number
  /** Bytes of this worker that are not written yet. Shared: the worker adds, the main thread subtracts. */
  readonly pending: Int32Array<SharedArrayBuffer>
}

export interface AccessWriterOptions {
  readonly format: AccessFormat
  /** Hands a chunk to the main thread. */
  readonly post: (chunk: AccessChunk, transfer: ArrayBuffer[]) => void
}

const CHUNK_LENGTH = 32 * 1024
const POST_AFTER_MS = 100

/** Beyond this the main thread does not keep up, or nobody reads; more would only grow the heap. */
const MAX_PENDING_BYTES = 8 * 1024 * 1024

/** The access log of one worker: lines gather in a string, and go to the main thread when it is long or old enough. */
export class AccessWriter implements Disposable {
  readonly #format: AccessFormat
  readonly #post: AccessWriterOptions['post']
  readonly #pending = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  #text = ''
  /** Where each line ends: the index behind its LF. */
  #ends: number[] = []
  #dropped = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: AccessWriterOptions) {
    this.#format = options.format
    this.#post = options.post
  }

  write(record: AccessRecord): void {
    const line = this.#format(record)
    if (line === '') return
    this.#text += `${line}\n`
    this.#ends.push(this.#text.length)
    if (this.#text.length >= CHUNK_LENGTH) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), POST_AFTER_MS)
  }

  /** Hands over what was gathered. To be called before the thread ends. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#ends.length === 0) return
    const bytes = encodeLines(this.#text, this.#ends)
    const lines = this.#ends.length
    this.#text = ''
    this.#ends = []
    if (Atomics.load(this.#pending, 0) + bytes.length > MAX_PENDING_BYTES) {
      this.#dropped += lines
      return
    }
    Atomics.add(this.#pending, 0, bytes.length)
    this.#post({ bytes, lines, dropped: this.#dropped, pending: this.#pending }, [bytes.buffer])
    this.#dropped = 0
  }

  [Symbol.dispose](): void {
    this.flush()
  }
}

/** The main thread's half: writes a chunk, and lets the worker know when it is out. Returns how many lines the worker dropped. */
export function writeAccessChunk(output: OutputWriter, chunk: AccessChunk): number {
  output.write(chunk.bytes, chunk.lines, () => Atomics.sub(chunk.pending, 0, chunk.bytes.length))
  return chunk.dropped
}

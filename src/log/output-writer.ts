import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { openDescriptor, type WriteBuffers } from './descriptor.ts'
import type { LogDestination } from './log.ts'

export interface OutputOptions {
  /** 1 for standard output, 2 for standard error. */
  readonly fd: number
  /** Lines that were thrown away since the last call, and why. Called at most every ten seconds. */
  readonly onDrop: (lines: number, cause: string) => void
}

interface Chunk {
  readonly bytes: Uint8Array
  readonly lines: number
  readonly done: (() => void) | undefined
}

/** What may wait for a reader who stopped reading. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024

const MAX_CHUNKS_PER_WRITE = 64
const REPORT_EVERY_MS = 10_000
const RETRY_MS = 20

/** A write that takes this long means that nobody reads: then nothing waits for it either. */
const STUCK_MS = 1000
const LAST_FLUSH_MS = 3000

/** Errors after which nobody will ever read from the descriptor again. */
const GONE: ReadonlySet<string> = new Set([
  'EPIPE',
  'ECONNRESET',
  'EBADF',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
])

/**
 * Writes to a file descriptor in order and without ever blocking the event loop: when a log collector stops reading, its lines
 * wait, up to a bound, and are then thrown away and counted. A pipe whose reader has gone only costs the lines.
 */
export class OutputWriter implements LogDestination, AsyncDisposable {
  readonly #options: OutputOptions
  readonly #writeBuffers: WriteBuffers
  readonly #queue: Chunk[] = []
  #waitingBytes = 0
  /** When the write that is under way began. */
  #writingSince: number | undefined
  #isBroken = false
  #droppedLines = 0
  #dropCause = ''
  #reportTimer: NodeJS.Timeout | undefined
  #onIdle: (() => void)[] = []

  constructor(options: OutputOptions) {
    this.#options = options
    this.#writeBuffers = openDescriptor(options.fd)
  }

  /** `done` is called when the lines are written, or given up. */
  write(content: string | Uint8Array, lines = 1, done?: () => void): void {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    if (this.#isBroken) return this.#drop({ bytes, lines, done }, this.#dropCause)
    if (this.#waitingBytes + bytes.length > MAX_WAITING_BYTES)
      return this.#drop({ bytes, lines, done }, 'nobody reads them')
    this.#queue.push({ bytes, lines, done })
    this.#waitingBytes += bytes.length
    if (this.#writingSince === undefined) this.#writeNext()
  }

  writeSync(text: string): void {
    this.flushSync()
    if (this.#isStuck()) return
    writeAllSync(this.#options.fd, Buffer.from(text))
  }

  /** For the end of the process, when no event loop will turn any more. Gives up on a reader that does not read. */
  flushSync(): void {
    if (this.#isStuck()) return
    for (const { bytes, done } of this.#queue.splice(0)) {
      this.#waitingBytes -= bytes.length
      writeAllSync(this.#options.fd, bytes)
      done?.()
    }
  }

  /** Resolves when all is written, or given up. */
  async flush(): Promise<void> {
    if (this.#writingSince === undefined && this.#queue.length === 0) return
    await new Promise<void>(resolve => {
      this.#onIdle.push(resolve)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const done = new AbortController()
    await Promise.race([this.flush(), sleep(LAST_FLUSH_MS, undefined, { signal: done.signal }).catch(() => {})])
    done.abort()
    this.#report()
  }

  #isStuck(): boolean {
    return this.#isBroken || (this.#writingSince !== undefined && performance.now() - this.#writingSince > STUCK_MS)
  }

  #writeNext(): void {
    const chunks = this.#queue.splice(0, MAX_CHUNKS_PER_WRITE)
    if (chunks.length === 0) {
      this.#writingSince = undefined
      for (const resolve of this.#onIdle.splice(0)) resolve()
      return
    }
    this.#writingSince = performance.now()
    this.#writeChunks(chunks)
  }

  #writeChunks(chunks: readonly Chunk[]): void {
    const buffers = chunks.map(chunk => chunk.bytes)
    this.#writeBuffers(buffers, (error, written) => {
      if (error === null) {
        this.#afterWrite(chunks, written)
      } else if (error.code === 'EAGAIN' || error.code === 'EINTR') {
        // The timer holds the process: these lines are owed.
        setTimeout(() => this.#writeChunks(chunks), RETRY_MS)
      } else {
        this.#afterFailure(chunks, error.code ?? error.message)
      }
    })
  }

  #afterWrite(chunks: readonly Chunk[], written: number): void {
    let rest = written
    for (const [index, chunk] of chunks.entries()) {
      if (rest < chunk.bytes.length) {
        this.#waitingBytes -= rest
        const remainder = { ...chunk, bytes: chunk.bytes.subarray(rest) }
        return this.#writeChunks([remainder, ...chunks.slice(index + 1)])
      }
      rest -= chunk.bytes.length
      this.#waitingBytes -= chunk.bytes.length
      chunk.done?.()
    }
    this.#writeNext()
  }

  #afterFailure(chunks: readonly Chunk[], cause: string): void {
    // Either the reader has gone for good, or this piece is lost (a full disk) and the next may not be.
    this.#isBroken = GONE.has(cause)
    const lost = this.#isBroken ? [...chunks, ...this.#queue.splice(0)] : chunks
    for (const chunk of lost) this.#settle(chunk, cause)
    this.#writeNext()
  }

  /** A chunk that was waiting is given up. */
  #settle(chunk: Chunk, cause: string): void {
    this.#waitingBytes -= chunk.bytes.length
    this.#drop(chunk, cause)
  }

  #drop(chunk: Chunk, cause: string): void {
    this.#droppedLines += chunk.lines
    this.#dropCause = cause
    chunk.done?.()
    if (this.#reportTimer !== undefined) return
    this.#reportTimer = setTimeout(() => {
      this.#reportTimer = undefined
      this.#report()
    }, REPORT_EVERY_MS).unref()
  }

  #report(): void {
    const lines = this.#droppedLines
    if (lines === 0) return
    this.#droppedLines = 0
    this.#options.onDrop(lines, this.#dropCause)
  }
}

function writeAllSync(fd: number, bytes: Uint8Array): void {
  const deadline = performance.now() + STUCK_MS
  let written = 0
  while (written < bytes.length) {
    try {
      written += writeSync(fd, bytes, written)
    } catch (cause) {
      const isFull = cause instanceof Error && 'code' in cause && cause.code === 'EAGAIN'
      // Nobody is there to be told: this is where telling happens.
      if (!isFull || performance.now() > deadline) return
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS)
    }
  }
}

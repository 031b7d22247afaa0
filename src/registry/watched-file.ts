import { type FSWatcher, watch } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pause } from '../consul/back-off.ts'
import type { SourceStatus } from './registry.ts'

export interface WatchedFileOptions {
  readonly path: string
  /** What was read from it already. */
  readonly text: string
  readonly onText: (text: string) => void
  /** The first failure to read it after a success. */
  readonly onLost: (cause: Error) => void
  readonly onRegained: () => void
}

/**
 * Tells when the text of a file changes: written in place, replaced by another file, or reached through a symbolic link that
 * was. The directory is watched, for that is where a replacement shows; what no event tells of (network file systems, a link that
 * leads elsewhere) is found by looking, twice a second.
 */
export class WatchedFile implements AsyncDisposable {
  readonly #options: WatchedFileOptions
  readonly #abort = new AbortController()
  readonly #watcher: FSWatcher | undefined
  readonly #ended: Promise<void>
  #text: string
  #seen: string | undefined
  #wake = Promise.withResolvers<void>()
  #error: Error | undefined
  #since = Date.now()
  #lastContact = Date.now()

  constructor(options: WatchedFileOptions) {
    this.#options = options
    this.#text = options.text
    this.#watcher = this.#watchDirectory()
    this.#ended = this.#run()
  }

  status(): SourceStatus {
    const isConnected = this.#error === undefined
    return {
      name: this.#options.path,
      isConnected,
      since: this.#since,
      lastContact: this.#lastContact,
      index: '',
      error: this.#error?.message,
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort()
    this.#watcher?.close()
    this.#wake.resolve()
    await this.#ended
  }

  #watchDirectory(): FSWatcher | undefined {
    try {
      const watcher = watch(dirname(this.#options.path), { persistent: false }, () => this.#wake.resolve())
      // A directory that goes away, or too many watches: looking twice a second does it too.
      watcher.on('error', () => watcher.close())
      return watcher
    } catch {
      return undefined // Likewise.
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort
    while (!signal.aborted) {
      // Made before the look, so that what happens during it calls for another one.
      this.#wake = Promise.withResolvers()
      try {
        await this.#look(signal)
        this.#found()
      } catch (cause) {
        if (signal.aborted) return
        this.#lost(cause instanceof Error ? cause : new Error(String(cause)))
      }
      await Promise.race([this.#wake.promise, pause(POLL_MS, signal)])
      // One look for the many events of one write, and of whatever else happens in the directory.
      await pause(SETTLE_MS, signal)
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const seen = await identify(this.#options.path)
    if (seen === this.#seen) return
    let text = await readFile(this.#options.path, 'utf8')
    // Many programs empty a file and then write it. What looks empty gets a second look.
    if (text === '' && this.#text !== '') {
      await pause(SECOND_LOOK_MS, signal)
      text = await readFile(this.#options.path, 'utf8')
    }
    // It is still being written when it is not what it was before it was read: the next look will tell.
    if ((await identify(this.#options.path)) !== seen) return this.#wake.resolve()
    this.#seen = seen
    if (text === this.#text || signal.aborted) return
    this.#text = text
    this.#options.onText(text)
  }

  #found(): void {
    this.#lastContact = Date.now()
    if (this.#error === undefined) return
    this.#error = undefined
    this.#since = Date.now()
    this.#options.onRegained()
  }

  #lost(cause: Error): void {
    this.#seen = undefined
    if (this.#error === undefined) {
      this.#since = Date.now()
      this.#options.onLost(cause)
    }
    this.#error = cause
  }
}

const POLL_MS = 500
const SECOND_LOOK_MS = 200
const SETTLE_MS = 20

/** Differs when the file may have changed. The inode is in it for files that are replaced within a tick of their clock. */
async function identify(path: string): Promise<string> {
  const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
  return `${ino} ${size} ${mtimeNs} ${ctimeNs}`
}

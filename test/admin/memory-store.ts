import type { OverrideStore } from '../../src/registry/registry.ts'

/** Overrides in memory, with the versions of a key/value store: one counter for all keys. */
export class MemoryStore implements OverrideStore {
  readonly #values = new Map<string, { readonly value: string; readonly version: string }>()
  #index = 40
  /** When set, every call fails with it. */
  failure: Error | undefined

  sourceOf(path: string): string {
    return `fabio/config${path}`
  }

  async list(): Promise<readonly string[]> {
    if (this.failure !== undefined) throw this.failure
    return [...this.#values.keys()]
  }

  async read(path: string): Promise<{ readonly value: string; readonly version: string }> {
    if (this.failure !== undefined) throw this.failure
    return this.#values.get(path) ?? { value: '', version: String(this.#index) }
  }

  async write(path: string, value: string, version: string): Promise<'stored' | 'version-mismatch'> {
    if (this.failure !== undefined) throw this.failure
    const known = this.#values.get(path)
    if (known !== undefined && known.version !== version) return 'version-mismatch'
    this.#index += 1
    this.#values.set(path, { value, version: String(this.#index) })
    return 'stored'
  }
}

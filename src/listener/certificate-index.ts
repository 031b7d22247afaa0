/** Finds what belongs to the name a client asks for: exact names, then wildcards, as the original does. */
export class CertificateIndex<T> {
  private readonly byName = new Map<string, T>()
  private readonly first: T | undefined
  private readonly count: number
  private readonly strict: boolean

  /** In their order: the first is the default, and of those with the same name the last one counts. */
  constructor(entries: readonly (readonly [names: readonly string[], value: T])[], { strict }: { strict: boolean }) {
    for (const [names, value] of entries) for (const name of names) this.byName.set(name.toLowerCase(), value)
    this.first = entries[0]?.[1]
    this.count = entries.length
    this.strict = strict
  }

  get isEmpty(): boolean {
    return this.count === 0
  }

  /** What clients get that name none; undefined with `strictmatch`, and when there is nothing. */
  get default(): T | undefined {
    return this.strict ? undefined : this.first
  }

  /** Each once, if it has a name. */
  values(): readonly T[] {
    return [...new Set(this.byName.values())]
  }

  find(serverName: string): T | undefined {
    if (!this.strict && this.count === 1) return this.first
    const name = serverName.toLowerCase().replace(/\.+$/, '')
    const exact = this.byName.get(name)
    if (exact !== undefined) return exact
    const labels = name.split('.')
    for (let i = 0; i < labels.length; i++) {
      labels[i] = '*'
      const found = this.byName.get(labels.join('.'))
      if (found !== undefined) return found
    }
    return this.default
  }
}

/** One line of the configuration as a person reads it. */
export interface Setting {
  /** `Consul.Addr` within its section. */
  readonly name: string
  readonly value: string
  /** The value as the document has it, when `value` says it in other words. */
  readonly exact?: string
}

export interface Section {
  readonly name: string
  readonly settings: readonly Setting[]
}

/** The names of durations, which the document gives in nanoseconds. */
const DURATION = /(Timeout|Interval|Wait|Period|Refresh|Retry)$/
const UNITS = [
  ['h', 3_600_000_000_000],
  ['m', 60_000_000_000],
  ['s', 1_000_000_000],
  ['ms', 1_000_000],
  ['µs', 1000],
  ['ns', 1],
] as const

/** `/api/config` as sections: its objects are sections, and what stands outside of them is the section `General`. */
export function buildSections(config: Readonly<Record<string, unknown>>): readonly Section[] {
  const general: Setting[] = []
  const sections: Section[] = []
  for (const [name, value] of Object.entries(config)) {
    if (typeof value === 'object' && value !== null) sections.push({ name, settings: flatten('', value) })
    else general.push(buildSetting(name, value))
  }
  return [...sections, { name: 'General', settings: general }].filter(({ settings }) => settings.length > 0)
}

function flatten(prefix: string, value: object): readonly Setting[] {
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    const name = Array.isArray(value) ? `${prefix}[${key}]` : prefix === '' ? key : `${prefix}.${key}`
    const isNested = typeof inner === 'object' && inner !== null && !isFlatList(inner) && Object.keys(inner).length > 0
    return isNested ? flatten(name, inner) : [buildSetting(name, inner)]
  })
}

function isFlatList(value: object): boolean {
  return Array.isArray(value) && value.every(element => typeof element !== 'object' || element === null)
}

function buildSetting(name: string, value: unknown): Setting {
  if (value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0))
    return { name, value: '' }
  if (Array.isArray(value)) return { name, value: value.join(', ') }
  if (typeof value === 'number' && value > 0 && DURATION.test(name)) {
    return { name, value: formatDuration(value), exact: `${value} ns` }
  }
  return { name, value: typeof value === 'string' ? value : JSON.stringify(value) }
}

/** `90000000000` → `1m30s` */
function formatDuration(ns: number): string {
  let rest = ns
  let text = ''
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0) text += `${count}${unit}`
  }
  return text
}

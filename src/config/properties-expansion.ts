import { ConfigError, type Refuse } from './config-error.ts'

export interface Property {
  /** Unescaped. */
  readonly value: string
  /** From 1, where the property begins. */
  readonly line: number
}

/** As the library of Fabio has it. */
const DEEPEST_NESTING = 64

/** A file of a few lines can ask for more text than there is memory; nobody needs more than this. */
const LONGEST_VALUE = 1 << 20

/**
 * Replaces `${name}` by the value of property `name`, else by the environment variable, else by nothing. All properties are
 * tried, also unknown ones, so that a mistake is found at start.
 */
export function expandProperties(
  properties: ReadonlyMap<string, Property>,
  environment: ReadonlyMap<string, string>,
  refuse: Refuse,
): { readonly properties: ReadonlyMap<string, Property>; readonly referenced: ReadonlySet<string> } {
  const expansion = new Expansion(name => properties.get(name)?.value ?? environment.get(name) ?? '')
  const expanded = new Map<string, Property>()
  for (const [name, { line }] of properties) {
    try {
      expanded.set(name, { value: expansion.of(name), line })
    } catch (cause) {
      if (!(cause instanceof ConfigError)) throw cause
      refuse(cause.at({ line }))
    }
  }
  return { properties: expanded, referenced: expansion.referenced }
}

/** The same for a text by itself, which only has the environment. @throws ConfigError */
export function expandEnvironment(text: string, environment: ReadonlyMap<string, string>): string {
  return new Expansion(name => environment.get(name) ?? '').ofText(text)
}

interface Expanded {
  readonly text: string
  /** How deep the references in it were nested. */
  readonly depth: number
}

class Expansion {
  readonly referenced = new Set<string>()
  readonly #lookup: (name: string) => string
  /** Without it, `a1=${a0}${a0}`, `a2=${a1}${a1}` … would double the work with every line. */
  readonly #done = new Map<string, Expanded>()

  constructor(lookup: (name: string) => string) {
    this.#lookup = lookup
  }

  of(name: string): string {
    return this.#expandName(name, []).text
  }

  ofText(text: string): string {
    return this.#expandText(text, []).text
  }

  #expandName(name: string, chain: readonly string[]): Expanded {
    const done = this.#done.get(name)
    if (done !== undefined) return done
    if (chain.includes(name)) throw new ConfigError(`circular reference in: ${[...chain, name].join(' -> ')}`)
    const expanded = this.#expandText(this.#lookup(name), [...chain, name])
    this.#done.set(name, expanded)
    return expanded
  }

  #expandText(text: string, chain: readonly string[]): Expanded {
    if (chain.length > DEEPEST_NESTING) throw new ConfigError(`expansion too deep in ${chain[0] ?? text}`)
    let result = text
    let depth = 0
    for (let start = result.indexOf('${'); start !== -1; start = result.indexOf('${')) {
      const end = result.indexOf('}', start)
      if (end === -1) throw new ConfigError(`malformed expression in ${chain.at(-1) ?? text}: \${ without }`)
      const name = result.slice(start + 2, end)
      this.referenced.add(name)
      const inner = this.#expandName(name, chain)
      depth = Math.max(depth, inner.depth + 1)
      result = result.slice(0, start) + inner.text + result.slice(end + 1)
      if (depth >= DEEPEST_NESTING || result.length > LONGEST_VALUE)
        throw new ConfigError(`expansion too deep in ${chain[0] ?? text}`)
    }
    return { text: result, depth }
  }
}

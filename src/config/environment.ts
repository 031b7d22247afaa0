import type { Option } from './option.ts'

/** Environment variables as text by name. */
export type Environment = ReadonlyMap<string, string>

export function toEnvironment(variables: Readonly<Record<string, string | undefined>>): Environment {
  return new Map(Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}

interface Variable {
  /** As it is written in the environment. */
  readonly name: string
  readonly value: string
  readonly hasPrefix: boolean
}

/** Finds the variable that sets an option: `FABIO_UI_ADDR` before `UI_ADDR` for ui.addr, in any letter case. */
export class OptionVariables {
  readonly #variables = new Map<string, { readonly name: string; readonly value: string }>()

  constructor(environment: Environment) {
    for (const [name, value] of environment) this.#variables.set(name.toUpperCase(), { name, value })
  }

  of(option: Option<unknown>): Variable | undefined {
    if (option.flagOnly) return undefined
    const name = option.name.replaceAll('.', '_').toUpperCase()
    const prefixed = this.#variables.get(`FABIO_${name}`)
    if (prefixed !== undefined) return { ...prefixed, hasPrefix: true }
    // Options that Fabio does not have must not wake up because a platform happens to set LOG_FORMAT.
    const plain = option.since === 'ours' ? undefined : this.#variables.get(name)
    return plain === undefined ? undefined : { ...plain, hasPrefix: false }
  }
}

import { ConfigError } from './config-error.ts'
import type { ConfigFile } from './config-file.ts'
import { type Environment, OptionVariables } from './environment.ts'
import type { Notes } from './notes.ts'
import { isOption, type Option, type OptionTable, type SectionOf } from './option.ts'
import { OPTIONS, OPTIONS_BY_NAME } from './option-table.ts'
import { DEFAULT_ORIGIN, type Origin } from './origin.ts'
import { NEVER_OPTIONS } from './retired-options.ts'
import { suggestName } from './suggest-name.ts'

/** Where values come from, the first of them first. */
export interface Sources {
  readonly flags: ReadonlyMap<string, string>
  readonly environment: Environment
  readonly file: ConfigFile | undefined
}

/** The value of every option, and where it comes from. */
export class Values {
  /** By name. */
  readonly origins = new Map<string, Origin>()
  readonly #values = new Map<string, unknown>()

  set<T>(option: Option<T>, value: T, origin: Origin): void {
    this.#values.set(option.name, value)
    this.origins.set(option.name, origin)
  }

  get<T>(option: Option<T>): T {
    const value: unknown = this.#values.get(option.name)
    return value as T // set() took it together with its option
  }

  originOf(option: Option<unknown>): Origin {
    return this.origins.get(option.name) ?? DEFAULT_ORIGIN
  }

  isSet(option: Option<unknown>): boolean {
    return this.originOf(option).kind !== 'default'
  }

  section<const Table extends OptionTable>(table: Table): SectionOf<Table> {
    const entries = Object.entries(table).map(([property, entry]) => [
      property,
      isOption(entry) ? this.get(entry) : this.section(entry),
    ])
    const section: unknown = Object.fromEntries(entries)
    return section as SectionOf<Table> // property by property what the type says
  }
}

/** For each option the first of: flag, environment variable with FABIO_, one without, file, default. */
export function readValues({ flags, environment, file }: Sources, notes: Notes): Values {
  const values = new Values()
  const variables = new OptionVariables(environment)
  const properties = file === undefined ? new Map<string, Found>() : readFile(file, notes)
  for (const option of OPTIONS) {
    const found = findFlag(option, flags) ?? findVariable(option, variables, notes) ?? properties.get(option.name)
    values.set(option, option.defaultValue, DEFAULT_ORIGIN)
    if (found === undefined) continue
    values.set(option, readText(option, found, notes), found.origin)
    for (const warning of laterWarnings(option, values.get(option))) notes.warn(warning, { place: found.origin.place })
  }
  return values
}

interface Found {
  readonly text: string
  readonly origin: Origin
}

function findFlag(option: Option<unknown>, flags: ReadonlyMap<string, string>): Found | undefined {
  const text = flags.get(option.name)
  return text === undefined ? undefined : { text, origin: { kind: 'flag', place: 'command line' } }
}

function findVariable(option: Option<unknown>, variables: OptionVariables, notes: Notes): Found | undefined {
  const variable = variables.of(option)
  if (variable === undefined) return undefined
  if (!variable.hasPrefix) notes.inform(`Environment variable ${variable.name} sets ${option.name}`)
  return { text: variable.value, origin: { kind: 'env', place: `environment variable ${variable.name}` } }
}

/** By name of the option. What no option has as its name is reported. */
function readFile(file: ConfigFile, notes: Notes): Map<string, Found> {
  const found = new Map<string, Found>()
  for (const [key, { value, line }] of file.properties) {
    const place = `${file.name}:${line}`
    const origin: Origin = { kind: 'file', place }
    const option = OPTIONS_BY_NAME.get(key)
    const lookalike = OPTIONS_BY_LOWER_NAME.get(key.toLowerCase())
    if (option?.flagOnly === true) notes.warn(`${key} only works on the command line`, { place })
    else if (option !== undefined) found.set(key, { text: value, origin })
    else if (lookalike === undefined) warnUnknown(key, place, file, notes)
    else if (file.properties.has(lookalike.name))
      notes.warn(`${key} is ignored because ${lookalike.name} is set too`, { place })
    else {
      notes.warn(`${key} is spelled ${lookalike.name}; Fabio ignores it as it is written`, { place })
      found.set(lookalike.name, { text: value, origin })
    }
  }
  return found
}

const OPTIONS_BY_LOWER_NAME: ReadonlyMap<string, Option<unknown>> = new Map(
  OPTIONS.map(option => [option.name.toLowerCase(), option]),
)

function warnUnknown(key: string, place: string, file: ConfigFile, notes: Notes): void {
  if (file.referenced.has(key)) return // a name of the operator's own, for ${…}
  const note = NEVER_OPTIONS.get(key)
  const near = suggestName(key, OPTIONS_BY_NAME.keys())
  const hint = note ?? (near === undefined ? undefined : `did you mean ${near}?`)
  notes.warn(`Unknown option ${key} is ignored${hint === undefined ? '' : `: ${hint}`}`, { place })
}

function readText<T>(option: Option<T>, { text, origin: { place } }: Found, notes: Notes): T {
  const reading = option.parse(option.keepsBlanks ? text : text.trim())
  switch (reading.kind) {
    case 'value':
      return reading.value
    case 'refused':
      notes.refuse(new ConfigError(reading.reason, { where: { option: option.name, place } }))
      return option.defaultValue
    case 'replaced':
      notes.warn(reading.warning, { place })
      return reading.value
    case 'bad': {
      const used = JSON.stringify(reading.value)
      const reason = `${option.name}: "${text}" is not ${reading.expected}; using ${used} as Fabio does, not the default`
      notes.warn(reason, { place })
      return reading.value
    }
  }
}

function laterWarnings(option: Option<unknown>, value: unknown): readonly string[] {
  const { later, name } = option
  if (later === undefined || JSON.stringify(value) === JSON.stringify(option.defaultValue)) return []
  if (typeof later === 'string') return [`${name} has no effect: ${later}`]
  const words: readonly unknown[] = Array.isArray(value) ? value : [value]
  return words.flatMap(word => {
    const reason = later.get(String(word))
    return reason === undefined ? [] : [`${name}: ${String(word)} has no effect: ${reason}`]
  })
}

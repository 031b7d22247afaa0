import type { Config } from './config.ts'
import { formatDuration } from './duration.ts'
import { isOption, type Option, type OptionTable } from './option.ts'
import { OPTIONS, optionTables } from './option-table.ts'
import type { Origin } from './origin.ts'
import type { Values } from './values.ts'

export interface DescribedOption {
  /** As it would be written in a file, with `****` for secrets; the value that is in use, also where the default depends on the machine. */
  readonly value: string
  readonly origin: Origin['kind']
  /** `/etc/fabio.properties:12`, `environment variable FABIO_UI_ADDR`, `command line`, `default`. */
  readonly place: string
}

/** By name of the option, in the order of the documentation. */
export type DescribedOptions = Readonly<Record<string, DescribedOption>>

/** Every option with its value and where that comes from. Secrets are `****`. */
export function describeOptions(config: Config, values: Values): DescribedOptions {
  const derived = new Map(derivedValues(optionTables, config))
  const entries = OPTIONS.map(option => {
    const { kind: origin, place } = values.originOf(option)
    const value = derived.get(option.name) ?? values.get(option)
    return [option.name, { value: option.hide(formatValue(option, value)), origin, place }] as const
  })
  return Object.fromEntries(entries)
}

/** The options whose default is found out at the start; the configuration has what came of them. */
function* derivedValues(table: OptionTable, section: unknown): Generator<readonly [name: string, value: unknown]> {
  for (const [property, entry] of Object.entries(table)) {
    const value: unknown = Reflect.get(Object(section), property)
    if (!isOption(entry)) yield* derivedValues(entry, value)
    else if (entry.defaultNote !== '' && value !== undefined) yield [entry.name, value]
  }
}

function formatValue({ type }: Option<unknown>, value: unknown): string {
  if (type === 'duration' && typeof value === 'number') return formatDuration(value)
  return Array.isArray(value) ? value.join(',') : String(value)
}

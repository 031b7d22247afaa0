import { bgpOptions } from './bgp-options.ts'
import { metricsOptions } from './metrics-options.ts'
import { isOption, type Option, type OptionTable } from './option.ts'
import { globOptions, logOptions, processOptions, runtimeOptions } from './process-options.ts'
import { proxyOptions } from './proxy-options.ts'
import { registryOptions } from './registry-options.ts'
import { retiredOptions } from './retired-options.ts'
import { uiOptions } from './ui-options.ts'

/** Every option there is, by section of the configuration. */
export const optionTables = {
  proxy: proxyOptions,
  registry: registryOptions,
  ui: uiOptions,
  log: logOptions,
  metrics: metricsOptions,
  glob: globOptions,
  runtime: runtimeOptions,
  process: processOptions,
  bgp: bgpOptions,
  retired: retiredOptions,
}

function listOptions(table: OptionTable): readonly Option<unknown>[] {
  return Object.values(table).flatMap(entry => (isOption(entry) ? [entry] : listOptions(entry)))
}

export const OPTIONS: readonly Option<unknown>[] = listOptions(optionTables)

export const OPTIONS_BY_NAME: ReadonlyMap<string, Option<unknown>> = new Map(
  OPTIONS.map(option => [option.name, option]),
)

/** The options in the order and under the headings in which people read about them. */
export const OPTION_GROUPS: readonly { readonly title: string; readonly options: readonly Option<unknown>[] }[] = [
  { title: 'Proxy', options: listOptions(optionTables.proxy) },
  { title: 'Registry', options: listOptions(optionTables.registry) },
  { title: 'Admin UI and API', options: listOptions(optionTables.ui) },
  { title: 'Log', options: listOptions(optionTables.log) },
  { title: 'Metrics', options: listOptions(optionTables.metrics) },
  { title: 'Routing table', options: listOptions(optionTables.glob) },
  { title: 'Process', options: [...listOptions(optionTables.runtime), ...listOptions(optionTables.process)] },
  { title: 'BGP', options: listOptions(optionTables.bgp) },
  { title: 'Old options', options: listOptions(optionTables.retired) },
]

import { buildConfig } from './build-config.ts'
import { parseCommandLine } from './command-line.ts'
import type { Config } from './config.ts'
import { loadConfigFile } from './config-file.ts'
import { toEnvironment } from './environment.ts'
import { formatHelp } from './help.ts'
import { type Machine, readMachine } from './machine.ts'
import { Notes } from './notes.ts'
import type { Origin } from './origin.ts'
import { validateConfig } from './validate.ts'
import { readValues } from './values.ts'

export type LoadResult =
  | {
      readonly kind: 'run'
      /** Deeply frozen, maps excepted. */
      readonly config: Config
      /** To be logged at WARN, in this order. */
      readonly warnings: readonly string[]
      /** To be logged at INFO. */
      readonly infos: readonly string[]
      /** By name of the option. */
      readonly origins: ReadonlyMap<string, Origin>
    }
  /** -v: print the version and end with 0. */
  | { readonly kind: 'version' }
  /** -help: print the text and end with 0. */
  | { readonly kind: 'help'; readonly text: string }

interface LoadOptions {
  /** Without the name of the program. */
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** As it was called, for the first line of the help; `fabio` by default. */
  readonly program?: string
  /** By default this one. */
  readonly machine?: Machine
}

/**
 * Reads the configuration: command line over environment over file over defaults. Logs nothing and ends nothing.
 * @throws ConfigError, one line that names the option, the place and what was expected
 */
export async function loadConfig({
  argv,
  env,
  program = 'fabio',
  machine = readMachine(),
}: LoadOptions): Promise<LoadResult> {
  const commandLine = parseCommandLine(argv)
  if (commandLine.kind === 'version') return { kind: 'version' }
  if (commandLine.kind === 'help') return { kind: 'help', text: formatHelp(program) }
  const { configPath, flags, ignored } = commandLine
  const environment = toEnvironment(env)
  const notes = new Notes()
  for (const word of ignored) notes.warn(`Ignoring argument "${word}"`)
  const file = configPath === undefined ? undefined : await loadConfigFile(configPath, environment)
  const values = readValues({ flags, environment, file }, notes)
  const config = buildConfig(values, machine, environment, notes)
  validateConfig(config, values, notes)
  return {
    kind: 'run',
    config: deepFreeze(config),
    warnings: notes.warnings,
    infos: notes.infos,
    origins: values.origins,
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const part of value instanceof Map ? value.values() : Object.values(value)) deepFreeze(part)
  // A frozen Map can still be written to; its type forbids it.
  return Object.freeze(value)
}

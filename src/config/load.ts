import { buildConfig } from './build-config.ts'
import { type CommandLine, parseCommandLine, wantsCheck } from './command-line.ts'
import type { Config } from './config.ts'
import { ConfigError, type Refuse } from './config-error.ts'
import { type ConfigFile, loadConfigFile } from './config-file.ts'
import { type DescribedOptions, describeOptions } from './describe-options.ts'
import { type Environment, toEnvironment } from './environment.ts'
import { formatHelp } from './help.ts'
import { type Machine, readMachine } from './machine.ts'
import { type Note, Notes } from './notes.ts'
import type { Origin } from './origin.ts'
import type { ToolFlags } from './tool-flags.ts'
import { validateConfig } from './validate.ts'
import { readValues, type Sources, type Values } from './values.ts'

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
      /** Every option with its value and where that comes from, without secrets. */
      readonly options: DescribedOptions
    }
  /** -explain or -lint. */
  | { readonly kind: 'tool'; readonly flags: ToolFlags; readonly config: Config }
  /** -check: inspectConfig() says more. */
  | { readonly kind: 'check' }
  /** -migrate */
  | { readonly kind: 'migrate'; readonly path: string }
  /** -v: print the version and end with 0. */
  | { readonly kind: 'version' }
  /** -help: print the text and end with 0. */
  | { readonly kind: 'help'; readonly text: string }

export interface LoadOptions {
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
export async function loadConfig(options: LoadOptions): Promise<LoadResult> {
  const { argv, program = 'fabio' } = options
  if (wantsCheck(argv)) return { kind: 'check' }
  const commandLine = parseCommandLine(argv)
  switch (commandLine.kind) {
    case 'version':
    case 'migrate':
      return commandLine
    case 'help':
      return { kind: 'help', text: formatHelp(program) }
    case 'run': {
      const notes = new Notes()
      const { config, origins, values } = await readConfig(commandLine, options, notes)
      const { toolFlags } = commandLine
      if (toolFlags.size > 0) return { kind: 'tool', flags: toolFlags, config }
      const described = describeOptions(config, values)
      return { kind: 'run', config, warnings: notes.warnings, infos: notes.infos, origins, options: described }
    }
  }
}

/** What there is to say about a configuration. */
export interface Inspection {
  /** Everything that keeps it from being used, in the order in which it was found. */
  readonly errors: readonly ConfigError[]
  readonly warnings: readonly Note[]
  /** Without errors what would run; with errors, what is refused has values that mean nothing. */
  readonly config: Config
  readonly origins: ReadonlyMap<string, Origin>
  /** Of the file, as places name it; undefined when there is none, or it cannot be read. */
  readonly fileName: string | undefined
}

/** Reads the configuration as loadConfig() does, and goes on after an error. Never throws a ConfigError. */
export async function inspectConfig(options: LoadOptions): Promise<Inspection> {
  const errors: ConfigError[] = []
  const notes = new Notes(error => errors.push(error))
  const refuseFlag: Refuse = error => notes.refuse(error.at({ place: 'command line' }))
  const commandLine = parseCommandLine(options.argv, refuseFlag)
  const given = commandLine.kind === 'run' ? commandLine : NOTHING_GIVEN
  const { config, origins, fileName } = await readConfig(given, options, notes)
  return { errors, warnings: notes.warned, config, origins, fileName }
}

export interface FileInspection extends Inspection {
  readonly file: ConfigFile
}

/**
 * What a properties file says by itself. The environment is there for its `${…}` only.
 * @throws ConfigError when it cannot be read
 */
export async function inspectFile(path: string, env: LoadOptions['env']): Promise<FileInspection> {
  const errors: ConfigError[] = []
  const notes = new Notes(error => errors.push(error))
  const file = await loadConfigFile(path, toEnvironment(env), notes.refuse)
  const sources = { flags: new Map(), environment: new Map(), file }
  const { config, origins } = makeConfig(sources, readMachine(), notes)
  return { config, origins, errors, warnings: notes.warned, fileName: file.name, file }
}

type Given = Pick<Extract<CommandLine, { kind: 'run' }>, 'configPath' | 'flags' | 'ignored'>

const NOTHING_GIVEN: Given = { configPath: undefined, flags: new Map(), ignored: [] }

interface ReadConfig extends Pick<Inspection, 'config' | 'origins'> {
  readonly values: Values
}

async function readConfig(
  { configPath, flags, ignored }: Given,
  { env, machine = readMachine() }: LoadOptions,
  notes: Notes,
): Promise<ReadConfig & Pick<Inspection, 'fileName'>> {
  const environment = toEnvironment(env)
  for (const word of ignored) notes.warn(`Ignoring argument "${word}"`)
  const file = configPath === undefined ? undefined : await readFile(configPath, environment, notes)
  return { ...makeConfig({ flags, environment, file }, machine, notes), fileName: file?.name }
}

function makeConfig(sources: Sources, machine: Machine, notes: Notes): ReadConfig {
  const values = readValues(sources, notes)
  const config = buildConfig(values, machine, sources.environment, notes)
  validateConfig(config, values, notes)
  return { config: deepFreeze(config), origins: values.origins, values }
}

async function readFile(path: string, environment: Environment, notes: Notes): Promise<ConfigFile | undefined> {
  try {
    return await loadConfigFile(path, environment, notes.refuse)
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause
    notes.refuse(cause)
    return undefined
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const part of value instanceof Map ? value.values() : Object.values(value)) deepFreeze(part)
  // A frozen Map can still be written to; its type forbids it.
  return Object.freeze(value)
}

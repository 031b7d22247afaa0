// The command line as Go's flag package reads it: `-name value`, `-name=value`, two dashes as good as one, and a value of a switch
// only after `=`. Fabio looks for -v and -cfg first, and stops at the first word that is no flag; see docs/differences.md for
// what is different here.

import { ConfigError } from './config-error.ts'
import { parseBoolean } from './go-number.ts'
import { OPTIONS_BY_NAME } from './option-table.ts'
import { NEVER_OPTIONS } from './retired-options.ts'
import { suggestName } from './suggest-name.ts'

export type CommandLine =
  | { readonly kind: 'version' }
  | { readonly kind: 'help' }
  | {
      readonly kind: 'run'
      /** Path or URL; undefined when none was given. */
      readonly configPath: string | undefined
      /** Text by name of the option; the last of several wins. */
      readonly flags: ReadonlyMap<string, string>
      /** Words that mean nothing, such as the `./fabio` of `docker run fabio ./fabio -cfg …`. */
      readonly ignored: readonly string[]
    }

/**
 * @param argv without the name of the program
 * @throws ConfigError with exit code 2 for flags that are unknown or have a value of the wrong syntax, 1 for a missing path
 */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const scan = scanAll(argv)
  return scan.wantsVersion ? { kind: 'version' } : parseFlags(scan.args, scan.configPath)
}

interface Scan {
  readonly wantsVersion: boolean
  readonly configPath: string | undefined
  readonly args: readonly string[]
}

/** Takes -cfg out, wherever it stands: that is what makes the old container command line work. */
function scanAll(argv: readonly string[]): Scan {
  const args: string[] = []
  let configPath: string | undefined
  let isValue = false
  let isFlag = true
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] ?? ''
    const equals = /^--?cfg=/.exec(arg)?.[0]
    if (arg === '-cfg' || arg === '--cfg') configPath = requirePath(argv[++i])
    else if (equals !== undefined) configPath = requirePath(trimQuotes(arg.slice(equals.length)))
    else if (!arg.startsWith('-test.')) {
      if (isFlag && !isValue && isVersionFlag(arg)) return { wantsVersion: true, configPath, args }
      isFlag &&= arg !== '--'
      isValue = isFlag && !isValue && takesNextWord(arg)
      args.push(arg)
    }
  }
  return { wantsVersion: false, configPath, args }
}

function isVersionFlag(arg: string): boolean {
  return arg === '-v' || arg === '-version' || arg === '--version'
}

function takesNextWord(arg: string): boolean {
  const option = OPTIONS_BY_NAME.get(arg.replace(/^--?/, ''))
  return arg.startsWith('-') && option !== undefined && option.type !== 'bool'
}

function requirePath(path: string | undefined): string {
  if (path === undefined || path === '') throw new ConfigError('invalid or missing path to config file')
  return path
}

function trimQuotes(path: string): string {
  if (path.startsWith("'")) return path.replace(/^'+|'+$/g, '')
  if (path.startsWith('"')) return path.replace(/^"+|"+$/g, '')
  return path
}

function parseFlags(args: readonly string[], configPath: string | undefined): CommandLine {
  const flags = new Map<string, string>()
  const ignored: string[] = []
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    if (arg === '--') {
      ignored.push(...args.slice(i + 1))
      break
    }
    if (!arg.startsWith('-') || arg === '-') {
      ignored.push(arg)
      continue
    }
    const { name, value } = splitFlag(arg)
    if (name === 'h' || name === 'help') return { kind: 'help' }
    // They mean something only in the form that was looked for before; Fabio takes and ignores all others.
    if (name === 'v' || name === 'version') {
      checkSwitch(name, value ?? 'true')
      continue
    }
    const option = OPTIONS_BY_NAME.get(name)
    if (option === undefined) throw unknownFlag(name)
    const next = args[i + 1]
    if (value !== undefined) flags.set(name, checkValue(name, value))
    else if (option.type === 'bool') {
      const isLiteral = next !== undefined && parseBoolean(next) !== undefined
      flags.set(name, isLiteral ? next : 'true')
      if (isLiteral) i++
    } else {
      if (next === undefined) throw new ConfigError(`flag needs an argument: -${name}`, { exitCode: 2 })
      flags.set(name, checkValue(name, next))
      i++
    }
  }
  return { kind: 'run', configPath, flags, ignored }
}

function splitFlag(arg: string): { readonly name: string; readonly value: string | undefined } {
  const [, name, value] = /^--?([^=-][^=]*)(?:=(.*))?$/s.exec(arg) ?? []
  if (name === undefined) throw new ConfigError(`bad flag syntax: ${arg}`, { exitCode: 2 })
  return { name, value }
}

function checkSwitch(name: string, text: string): void {
  if (parseBoolean(text) !== undefined) return
  throw new ConfigError(`invalid boolean value "${text}" for -${name}: parse error; expected true or false`, {
    exitCode: 2,
  })
}

/** Every occurrence is checked, also one that a later one replaces. */
function checkValue(name: string, text: string): string {
  const option = OPTIONS_BY_NAME.get(name)
  if (option?.type === 'bool') checkSwitch(name, text.trim())
  const reading = option?.parse(option.keepsBlanks ? text : text.trim())
  if (reading?.kind !== 'bad') return text
  throw new ConfigError(`invalid value "${text}" for flag -${name}: parse error; expected ${reading.expected}`, {
    exitCode: 2,
  })
}

function unknownFlag(name: string): ConfigError {
  const note = NEVER_OPTIONS.get(name)
  const near = suggestName(name, OPTIONS_BY_NAME.keys())
  const hint = note ?? (near === undefined ? 'see -help' : `did you mean -${near}?`)
  return new ConfigError(`flag provided but not defined: -${name}; ${hint}`, { exitCode: 2 })
}

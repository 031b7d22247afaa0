// The command line as Go's flag package reads it: `-name value`, `-name=value`, two dashes as good as one, and a value of a switch
// only after `=`. Fabio looks for -v and -cfg first, and stops at the first word that is no flag; see docs/differences.md for
// what is different here.

import { ConfigError, type Refuse, throwError } from './config-error.ts'
import { parseBoolean } from './go-number.ts'
import { OPTIONS_BY_NAME } from './option-table.ts'
import { NEVER_OPTIONS } from './retired-options.ts'
import { suggestName } from './suggest-name.ts'
import { TOOL_FLAG_NAMES, type ToolFlags } from './tool-flags.ts'

export type CommandLine =
  | { readonly kind: 'version' }
  | { readonly kind: 'help' }
  /** -migrate: say what is different here for the file at this path. */
  | { readonly kind: 'migrate'; readonly path: string }
  | {
      readonly kind: 'run'
      /** -check: say everything that is wrong instead of running. */
      readonly isCheck: boolean
      /** Of -explain and -lint; empty when neither is there. */
      readonly toolFlags: ToolFlags
      /** Path or URL; undefined when none was given. */
      readonly configPath: string | undefined
      /** Text by name of the option; the last of several wins. */
      readonly flags: ReadonlyMap<string, string>
      /** Words that mean nothing, such as the `./fabio` of `docker run fabio ./fabio -cfg …`. */
      readonly ignored: readonly string[]
    }

/**
 * What is wrong is refused with exit code 2 when a flag is unknown or has a value of the wrong syntax, 1 when a path is missing.
 * @param argv without the name of the program
 */
export function parseCommandLine(argv: readonly string[], refuse: Refuse = throwError): CommandLine {
  const scan = scanAll(argv, refuse)
  return scan.wantsVersion ? { kind: 'version' } : new FlagReader(scan, refuse).read()
}

/** Whether -check is asked for, whatever else is wrong. */
export function wantsCheck(argv: readonly string[]): boolean {
  const commandLine = parseCommandLine(argv, () => {})
  return commandLine.kind === 'run' && commandLine.isCheck
}

interface Scan {
  readonly wantsVersion: boolean
  readonly configPath: string | undefined
  readonly args: readonly string[]
}

/** Takes -cfg out, wherever it stands: that is what makes the old container command line work. */
function scanAll(argv: readonly string[], refuse: Refuse): Scan {
  const args: string[] = []
  let configPath: string | undefined
  let isValue = false
  let isFlag = true
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] ?? ''
    const equals = /^--?cfg=/.exec(arg)?.[0]
    if (arg === '-cfg' || arg === '--cfg') configPath = requirePath(argv[++i], refuse)
    else if (equals !== undefined) configPath = requirePath(trimQuotes(arg.slice(equals.length)), refuse)
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

function requirePath(path: string | undefined, refuse: Refuse): string | undefined {
  if (path === undefined || path === '') refuse(new ConfigError('invalid or missing path to config file'))
  return path
}

function trimQuotes(path: string): string {
  if (path.startsWith("'")) return path.replace(/^'+|'+$/g, '')
  if (path.startsWith('"')) return path.replace(/^"+|"+$/g, '')
  return path
}

class FlagReader {
  readonly #args: readonly string[]
  readonly #configPath: string | undefined
  readonly #refuse: Refuse
  readonly #flags = new Map<string, string>()
  readonly #ignored: string[] = []
  readonly #toolFlags = new Map<string, string[]>()
  #next = 0

  constructor({ args, configPath }: Scan, refuse: Refuse) {
    this.#args = args
    this.#configPath = configPath
    this.#refuse = refuse
  }

  read(): CommandLine {
    let isCheck = false
    while (this.#next < this.#args.length) {
      const arg = this.#args[this.#next++] ?? ''
      if (arg === '--') {
        this.#ignored.push(...this.#args.slice(this.#next))
        break
      }
      const { name, value } = splitFlag(arg) ?? {}
      if (!arg.startsWith('-') || arg === '-') this.#ignored.push(arg)
      else if (name === undefined) this.#refuse(new ConfigError(`bad flag syntax: ${arg}`, { exitCode: 2 }))
      else if (name === 'h' || name === 'help') return { kind: 'help' }
      else if (name === 'migrate') return { kind: 'migrate', path: this.#valueOf(name, value) ?? '' }
      else if (name === 'check') isCheck = parseBoolean(this.#switchOf(name, value)) ?? true
      else if (TOOL_FLAG_NAMES.has(name)) this.#readToolFlag(name, value)
      // They mean something only in the form that was looked for before; Fabio takes and ignores all others.
      else if (name === 'v' || name === 'version') this.#checkSwitch(name, value ?? 'true')
      else this.#readOption(name, value)
    }
    const configPath = this.#configPath
    return { kind: 'run', isCheck, toolFlags: this.#toolFlags, configPath, flags: this.#flags, ignored: this.#ignored }
  }

  #readToolFlag(name: string, value: string | undefined): void {
    const text = this.#valueOf(name, value)
    if (text === undefined) return
    const values = this.#toolFlags.get(name)
    if (values === undefined) this.#toolFlags.set(name, [text])
    else values.push(text)
  }

  #readOption(name: string, value: string | undefined): void {
    const option = OPTIONS_BY_NAME.get(name)
    if (option === undefined) return this.#refuse(unknownFlag(name))
    const text = option.type === 'bool' ? this.#switchOf(name, value) : this.#valueOf(name, value)
    if (text === undefined) return
    // Every occurrence is checked, also one that a later one replaces.
    const reading = option.parse(option.keepsBlanks ? text : text.trim())
    if (reading.kind !== 'bad') this.#flags.set(name, text)
    else if (option.type !== 'bool') this.#refuse(badValue(name, text, reading.expected))
  }

  #valueOf(name: string, value: string | undefined): string | undefined {
    const text = value ?? this.#args[this.#next++]
    if (text === undefined) this.#refuse(new ConfigError(`flag needs an argument: -${name}`, { exitCode: 2 }))
    return text
  }

  /** A switch takes the next word only when that is the word of a switch. */
  #switchOf(name: string, value: string | undefined): string {
    if (value !== undefined) {
      this.#checkSwitch(name, value)
      return value
    }
    const next = this.#args[this.#next]
    if (next === undefined || parseBoolean(next) === undefined) return 'true'
    this.#next++
    return next
  }

  #checkSwitch(name: string, text: string): void {
    if (parseBoolean(text.trim()) !== undefined) return
    const reason = `invalid boolean value "${text}" for -${name}: parse error; expected true or false`
    this.#refuse(new ConfigError(reason, { exitCode: 2 }))
  }
}

/** undefined when it is no flag, or none that Go would take. */
function splitFlag(arg: string): { readonly name: string; readonly value: string | undefined } | undefined {
  const [, name, value] = /^--?([^=-][^=]*)(?:=(.*))?$/s.exec(arg) ?? []
  return name === undefined ? undefined : { name, value }
}

function badValue(name: string, text: string, expected: string): ConfigError {
  return new ConfigError(`invalid value "${text}" for flag -${name}: parse error; expected ${expected}`, {
    exitCode: 2,
  })
}

/** Flags that set nothing. */
const NO_OPTIONS = ['cfg', 'check', 'help', 'migrate', 'version', ...TOOL_FLAG_NAMES]

function unknownFlag(name: string): ConfigError {
  const note = NEVER_OPTIONS.get(name)
  const near = suggestName(name, [...OPTIONS_BY_NAME.keys(), ...NO_OPTIONS])
  const hint = note ?? (near === undefined ? 'see -help' : `did you mean -${near}?`)
  return new ConfigError(`flag provided but not defined: -${name}; ${hint}`, { exitCode: 2 })
}

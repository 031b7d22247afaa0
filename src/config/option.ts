import { parseDurationMs } from './duration.ts'
import { parseBoolean, parseFloatNumber, parseInteger } from './go-number.ts'

/** As `-help` and docs/configuration.md name it. The syntax of each is in that page. */
type OptionType = 'bool' | 'int' | 'uint' | 'duration' | 'string' | 'list' | 'floats' | 'key-value list'

/** What a text gave for an option. Every case but `refused` has a value to go on with. */
export type Reading<T> =
  | { readonly kind: 'value'; readonly value: T }
  /** Not what the option takes, but no source of it ever ended Fabio: a warning, and `value` is used. */
  | { readonly kind: 'replaced'; readonly value: T; readonly warning: string }
  /** Wrong syntax. From a file or the environment Fabio goes on with `value`; on the command line it ends. */
  | { readonly kind: 'bad'; readonly value: T; readonly expected: string }
  /** Fabio does not start with it, whatever the source. `reason` is its own text where it has one. */
  | { readonly kind: 'refused'; readonly reason: string }

/** Why an option, or some values of it, have no effect in this version. */
type Later = string | ReadonlyMap<string, string>

export interface Option<T> {
  readonly name: string
  readonly type: OptionType
  /** As an operator would write it. */
  readonly defaultText: string
  readonly defaultValue: T
  /** Says what the default is when it depends on the machine or on another option. */
  readonly defaultNote: string
  readonly summary: string
  /** The values there are, besides nothing; empty where any will do. */
  readonly words: readonly string[]
  /** A value that shows the syntax; '' where there is nothing to show. */
  readonly example: string
  /** The first release of Fabio that knows it; empty: 1.5.2 or older; `ours`: this program only. */
  readonly since: string
  /** Blanks around the text mean something. Everywhere else they are an accident, and dropped. */
  readonly keepsBlanks: boolean
  /** Not read from environment and file. */
  readonly flagOnly: boolean
  readonly later: Later | undefined
  /** What of a value that is in use may be shown to others: the text with its secrets replaced. */
  readonly hide: (text: string) => string
  readonly parse: (text: string) => Reading<T>
}

interface Extra {
  readonly defaultNote?: string
  readonly example?: string
  readonly flagOnly?: boolean
  readonly later?: string | Readonly<Record<string, string>>
  readonly hide?: (text: string) => string
}

/** What one line of a table says about an option. */
type Line<More = unknown, DefaultText = string> = readonly [
  name: string,
  defaultText: DefaultText,
  summary: string,
  since?: string,
  extra?: Extra & More,
]

/** Nested tables of options; the shape of the configuration follows from them. */
export interface OptionTable {
  readonly [property: string]: Option<unknown> | OptionTable
}

export type SectionOf<Table> = {
  readonly [Property in keyof Table]: Table[Property] extends Option<infer Value> ? Value : SectionOf<Table[Property]>
}

export function isOption(entry: Option<unknown> | OptionTable): entry is Option<unknown> {
  return typeof entry.parse === 'function'
}

/** One line of text. */
export function text(...line: Line): Option<string> {
  return define('string', line, value => ({ kind: 'value', value }))
}

/** Text whose blanks at the ends are kept: formats, templates, HTML, tokens. */
export function freeText(...line: Line): Option<string> {
  return { ...text(...line), keepsBlanks: true }
}

/** Text in the syntax of key-value-list.ts; what the maps may say is the business of the specs. */
export function keyValues(...line: Line): Option<string> {
  return { ...text(...line), type: 'key-value list' }
}

/** Name of a header that this program writes; '' for none. Fabio takes any text and then fails every request. */
export function headerName(...line: Line): Option<string> {
  return define('string', line, text =>
    /^[!#$%&'*+.^_`|~0-9A-Za-z-]*$/.test(text)
      ? { kind: 'value', value: text }
      : { kind: 'refused', reason: `${line[0]}: "${text}" is not the name of a header` },
  )
}

/** Part of the value of a header that this program writes. */
export function headerText(...line: Line): Option<string> {
  return define('string', line, text =>
    /^[\t\P{Cc}]*$/u.test(text)
      ? { kind: 'value', value: text }
      : { kind: 'refused', reason: `${line[0]}: "${text}" has control characters, which no header may have` },
  )
}

export function bool(...line: Line<unknown, 'true' | 'false'>): Option<boolean> {
  return define('bool', line, text => {
    const value = parseBoolean(text)
    return value === undefined ? { kind: 'bad', value: false, expected: 'true or false' } : { kind: 'value', value }
  })
}

/** `min` is for options of ours: Fabio's own take any number. */
export function integer(...line: Line<{ readonly min?: number }>): Option<number> {
  const [name, defaultText, , , { min = Number.NEGATIVE_INFINITY } = {}] = line
  return define('int', line, text => {
    const reading = parseInteger(text, { signed: true })
    if (!reading.ok) return { kind: 'bad', value: reading.nearest, expected: `a whole number such as ${defaultText}` }
    if (reading.value < min) return { kind: 'refused', reason: `${name} must be at least ${min}: ${text}` }
    return { kind: 'value', value: reading.value }
  })
}

export function unsigned(...line: Line): Option<number> {
  return define('uint', line, text => {
    const reading = parseInteger(text, { signed: false })
    return reading.ok
      ? { kind: 'value', value: reading.value }
      : { kind: 'bad', value: reading.nearest, expected: `a whole number, not negative, such as ${line[1]}` }
  })
}

/** Milliseconds. */
export function durationMs(...line: Line): Option<number> {
  return define('duration', line, text => {
    const value = parseDurationMs(text)
    return value === undefined
      ? { kind: 'bad', value: 0, expected: 'a duration with a unit such as 500ms, 30s or 1h30m' }
      : { kind: 'value', value }
  })
}

/** Comma separated; blanks around parts and empty parts are dropped. */
export function list(...line: Line): Option<readonly string[]> {
  return define('list', line, text => ({ kind: 'value', value: splitList(text) }))
}

export function floats(...line: Line): Option<readonly number[]> {
  return define('floats', line, text => {
    const value: number[] = []
    for (const part of splitList(text)) {
      const number = parseFloatNumber(part)
      if (number === undefined)
        return { kind: 'bad', value, expected: `numbers separated by commas such as ${line[1]}` }
      value.push(number)
    }
    return { kind: 'value', value }
  })
}

/** Any other word ends the process at start, with `refusal` or the usual text. */
export function oneOf<const Word extends string>(
  words: readonly Word[],
  ...line: Line<{ readonly refusal?: (text: string) => string }, NoInfer<Word>>
): Option<Word> {
  const [name, , , , { refusal = (text: string) => `invalid ${name}: ${text}` } = {}] = line
  const choices = words.filter(word => word !== '')
  const option = define<Word>('string', line, text => {
    const value = words.find(word => word === text)
    if (value !== undefined) return { kind: 'value', value }
    return { kind: 'refused', reason: `${refusal(text)}; expected one of ${choices.join(', ')}` }
  })
  return { ...option, words: choices }
}

/** Any other word gives a warning and the default. */
export function preferablyOneOf<const Word extends string>(
  words: readonly Word[],
  ...line: Line<{ readonly ignoreCase?: boolean }, NoInfer<Word>>
): Option<Word> {
  const [name, defaultText, , , { ignoreCase = false } = {}] = line
  const folded = (word: string) => (ignoreCase ? word.toUpperCase() : word)
  const option = define<Word>('string', line, text => {
    const value = words.find(word => folded(word) === folded(text))
    if (value !== undefined) return { kind: 'value', value }
    const warning = `${name}: "${text}" is none of ${words.join(', ')}; using ${defaultText}`
    return { kind: 'replaced', value: defaultText, warning }
  })
  return { ...option, words }
}

export function define<T>(type: OptionType, line: Line, parse: (text: string) => Reading<T>): Option<T> {
  const [name, defaultText, summary, since = '', extra = {}] = line
  const { defaultNote = '', example = '', flagOnly = false, later, hide = (text: string) => text } = extra
  const initial = parse(defaultText)
  if (initial.kind !== 'value') throw new Error(`${name}: its own default is wrong`)
  return {
    name,
    type,
    defaultText,
    defaultValue: initial.value,
    defaultNote,
    summary,
    words: [],
    example,
    since,
    keepsBlanks: false,
    flagOnly,
    later: typeof later === 'object' ? new Map(Object.entries(later)) : later,
    hide,
    parse,
  }
}

export function splitList(text: string): readonly string[] {
  const parts = text.split(',').map(part => part.trim())
  return parts.filter(part => part !== '')
}

// Operators write regular expressions in the syntax of RE2, which is what Go has. JavaScript's differs in details: inline flags
// that hold for the rest of a group, POSIX classes, \z and \Q…\E, an unescaped ] that comes first in a class.

/**
 * Source of a JavaScript expression, for `new RegExp(source)` without flags, that matches the same texts.
 * @throws Error with a reason. What JavaScript has and RE2 refuses (look-around, back-references) is refused too. Unicode
 * classes (`\p{Greek}`) are not supported.
 */
export function translateRe2(expression: string): string {
  const source = new Translation(expression).whole()
  try {
    new RegExp(source)
    return source
  } catch (cause) {
    throw new Error(`error parsing regexp: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

/** Inside of a JavaScript class. */
const POSIX_CLASSES: ReadonlyMap<string, string> = new Map([
  ['alnum', '0-9A-Za-z'],
  ['alpha', 'A-Za-z'],
  ['ascii', '\\x00-\\x7f'],
  ['blank', '\\t '],
  ['cntrl', '\\x00-\\x1f\\x7f'],
  ['digit', '0-9'],
  ['graph', '!-~'],
  ['lower', 'a-z'],
  ['print', ' -~'],
  ['punct', '!-\\/:-@\\[-`{-~'],
  ['space', '\\t\\n\\v\\f\\r '],
  ['upper', 'A-Z'],
  ['word', '0-9A-Za-z_'],
  ['xdigit', '0-9A-Fa-f'],
])

/** The complements of the ASCII classes, which JavaScript has no name for within a class. */
const POSIX_COMPLEMENTS: ReadonlyMap<string, string> = new Map([
  ['digit', '\\D'],
  ['word', '\\W'],
])

interface Group {
  /** How many flag groups were opened within it; they end with its alternative. */
  flags: string[]
}

class Translation {
  readonly #text: string
  #at = 0
  #out = ''
  readonly #groups: Group[] = [{ flags: [] }]
  /** Whether there is something before `#at` that can be repeated, and the operator that already repeats it. */
  #isRepeatable = false
  #repetition = ''

  constructor(text: string) {
    this.#text = text
  }

  whole(): string {
    while (this.#at < this.#text.length) this.#next()
    if (this.#groups.length > 1) throw new Error(`error parsing regexp: missing closing ): \`${this.#text}\``)
    this.#endFlags()
    return this.#out
  }

  #next(): void {
    const rest = this.#text.slice(this.#at)
    const first = rest.charAt(0)
    const [repetition] = /^(?:[*+?]|\{[0-9]+(?:,[0-9]*)?\})\??/.exec(rest) ?? []
    if (repetition !== undefined) return this.#repeat(repetition)
    this.#repetition = ''
    this.#isRepeatable = first !== '|' && first !== '('
    if (first === '\\') return this.#escape(rest, { inClass: false })
    if (first === '[') return this.#class()
    if (first === '(') return this.#openGroup(rest)
    if (first === ')') return this.#closeGroup()
    if (first === '|') return this.#alternative()
    // A brace that counts nothing stands for itself; JavaScript would read `{,5}` like that too, but not everything.
    return this.#emit(first === '{' || first === '}' || first === ']' ? `\\${first}` : first, 1)
  }

  #repeat(operator: string): void {
    if (!this.#isRepeatable)
      throw new Error(`error parsing regexp: missing argument to repetition operator: \`${operator}\``)
    if (this.#repetition !== '')
      throw new Error(`error parsing regexp: invalid nested repetition operator: \`${this.#repetition}${operator}\``)
    const [count, least = '', most = ''] = /^\{([0-9]+)(?:,([0-9]*))?\}/.exec(operator) ?? []
    if (Number(least) > 1000 || Number(most) > 1000 || (most !== '' && Number(most) < Number(least)))
      throw new Error(`error parsing regexp: invalid repeat count: \`${count}\``)
    this.#repetition = operator
    this.#emit(operator, operator.length)
  }

  #emit(source: string, consumed: number): void {
    this.#out += source
    this.#at += consumed
  }

  #openGroup(rest: string): void {
    const named = /^\(\?P?<([A-Za-z_]\w*)>/.exec(rest)
    if (named !== null) return this.#open(`(?<${named[1]}>`, named[0].length)
    const flags = /^\(\?([imsU]*)(?:-([imsU]+))?([:)])/.exec(rest)
    if (flags === null) {
      if (rest.startsWith('(?'))
        throw new Error(`error parsing regexp: invalid or unsupported Perl syntax: \`${rest.slice(0, 3)}\``)
      return this.#open('(', 1)
    }
    const modifiers = modifierGroup(flags[1] ?? '', flags[2] ?? '')
    if (flags[3] === ':') return this.#open(modifiers, flags[0].length)
    // `(?i)` holds for the rest of the group it is in, over all its alternatives.
    this.#groups.at(-1)?.flags.push(modifiers)
    this.#emit(modifiers, flags[0].length)
  }

  #open(source: string, consumed: number): void {
    this.#groups.push({ flags: [] })
    this.#emit(source, consumed)
  }

  #closeGroup(): void {
    if (this.#groups.length === 1) throw new Error(`error parsing regexp: unexpected ): \`${this.#text}\``)
    this.#endFlags()
    this.#groups.pop()
    this.#emit(')', 1)
  }

  #alternative(): void {
    const flags = this.#groups.at(-1)?.flags ?? []
    this.#emit(`${')'.repeat(flags.length)}|${flags.join('')}`, 1)
  }

  #endFlags(): void {
    this.#out += ')'.repeat(this.#groups.at(-1)?.flags.length ?? 0)
  }

  #class(): void {
    const whole = this.#text.slice(this.#at)
    const [open = '['] = /^\[\^?/.exec(whole) ?? []
    this.#emit(open, open.length)
    for (let first = true; ; first = false) {
      const rest = this.#text.slice(this.#at)
      if (rest === '') throw new Error(`error parsing regexp: missing closing ]: \`${whole}\``)
      const posix = /^\[:(\^?)(\w+):\]/.exec(rest)
      if (rest.startsWith(']') && !first) return this.#emit(']', 1)
      if (posix !== null) this.#posixClass(posix)
      else if (rest.startsWith('\\')) this.#escape(rest, { inClass: true })
      else this.#classCharacters(rest)
    }
  }

  /** One, or a range of two. */
  #classCharacters(rest: string): void {
    const [range, from = '', to = ''] = /^([^\\[\]])-([^\\[\]])/.exec(rest) ?? []
    if (range === undefined) return this.#emit(classCharacter(rest.charAt(0)), 1)
    if (from > to) throw new Error(`error parsing regexp: invalid character class range: \`${range}\``)
    this.#emit(`${classCharacter(from)}-${classCharacter(to)}`, range.length)
  }

  #posixClass([whole, complement = '', name = '']: RegExpExecArray): void {
    const inside = complement === '' ? POSIX_CLASSES.get(name) : POSIX_COMPLEMENTS.get(name)
    if (inside === undefined)
      throw new Error(`error parsing regexp: invalid or unsupported character class range: \`${whole}\``)
    this.#emit(inside, whole.length)
  }

  #escape(rest: string, { inClass }: { readonly inClass: boolean }): void {
    const quoted = /^\\Q(.*?)(?:\\E|$)/s.exec(rest)
    if (quoted !== null && !inClass) return this.#emit(literal(quoted[1] ?? ''), quoted[0].length)
    const hex = /^\\x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})/.exec(rest)
    if (hex !== null) return this.#emit(codeUnit(Number.parseInt(hex[1] ?? hex[2] ?? '', 16)), hex[0].length)
    const octal = /^\\(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(rest)
    if (octal !== null) return this.#emit(codeUnit(Number.parseInt(octal[0].slice(1), 8)), octal[0].length)
    const pair = rest.slice(0, 2)
    const meaning = (inClass ? CLASS_ESCAPES : ESCAPES).get(pair) ?? ESCAPES_ANYWHERE.get(pair)
    if (meaning !== undefined) return this.#emit(meaning, 2)
    if (!/^\\[!-/:-@[-`{-~]/.test(pair)) throw new Error(`error parsing regexp: invalid escape sequence: \`${pair}\``)
    this.#emit(pair, 2)
  }
}

const ESCAPES_ANYWHERE: ReadonlyMap<string, string> = new Map([
  ['\\a', '\\x07'],
  ['\\f', '\\f'],
  ['\\n', '\\n'],
  ['\\r', '\\r'],
  ['\\t', '\\t'],
  ['\\v', '\\v'],
  ['\\d', '\\d'],
  ['\\D', '\\D'],
  ['\\w', '\\w'],
  ['\\W', '\\W'],
])

/** RE2's \s is ASCII, and without the vertical tab. */
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\\s', '[\\t\\n\\f\\r ]'],
  ['\\S', '[^\\t\\n\\f\\r ]'],
  ['\\b', '\\b'],
  ['\\B', '\\B'],
  ['\\A', '(?<![^])'],
  ['\\z', '(?![^])'],
  ['\\C', '[^]'],
])

const CLASS_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\\s', '\\t\\n\\f\\r '],
  ['\\S', '\\x00-\\x08\\x0b\\x0e-\\x1f!-\\uffff'],
])

/** U, which turns greediness around, changes what is captured but not whether there is a match. */
function modifierGroup(on: string, off: string): string {
  const added = [...new Set(on)].filter(flag => flag !== 'U').join('')
  const removed = [...new Set(off)].filter(flag => flag !== 'U' && !added.includes(flag)).join('')
  return `(?${added}${removed === '' ? '' : `-${removed}`}:`
}

function classCharacter(character: string): string {
  return '[]^'.includes(character) ? `\\${character}` : character
}

function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}

function codeUnit(value: number): string {
  if (value > 0xffff) throw new Error('error parsing regexp: code points above U+FFFF are not supported')
  return `\\u${value.toString(16).padStart(4, '0')}`
}

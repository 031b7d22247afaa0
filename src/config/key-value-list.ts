// The text of proxy.addr, proxy.cs, proxy.auth, ui.addr and bgp.peers: `:80;proto=http,:443;cs=edge;tlsciphers="a,b"`.
// A comma ends a map, a semicolon ends a pair, and the first pair of a map may be a value without a key.

import { ConfigError } from './config-error.ts'
import { unescapeGoString } from './go-string.ts'

/** A value without a key is found under ''. */
export type KeyValueMap = ReadonlyMap<string, string>

/** A key that a map may have, for messages and for docs/configuration.md. */
export interface KeyDescription {
  readonly key: string
  /** What may be written, for instance `<duration>` or `true`. */
  readonly value: string
  readonly defaultText: string
  readonly since: string
  readonly summary: string
}

export interface KeyValueList {
  readonly maps: readonly KeyValueMap[]
  /** A key at the very end that has no value. Fabio drops it without a word. */
  readonly danglingKey: string | undefined
}

/**
 * Blanks around keys and around values that are not quoted are dropped; the last of equal keys wins; empty maps vanish.
 * @throws ConfigError that names the column. It does not show the text, which may have passwords in it.
 */
export function parseKeyValueList(text: string): KeyValueList {
  const reader = new Reader()
  for (const token of tokens(text)) reader.take(token)
  return reader.finish()
}

/** The way back: maps as a text that parses into the same maps. */
export function formatKeyValueList(maps: readonly KeyValueMap[]): string {
  return maps.map(map => [...map].map(formatPair).join(';')).join(',')
}

function formatPair([key, value]: readonly [string, string], index: number): string {
  const canBeBare = key === '' && index === 0 && value !== '' && value === value.trim()
  if (canBeBare) return quoteWhere(/[,;=]/, value)
  // A key that is a blank is the empty one.
  return `${key === '' ? ' ' : quoteWhere(/[,;=]/, key)}=${quoteWhere(/[,;]/, value)}`
}

function quoteWhere(special: RegExp, text: string): string {
  const isPlain = !special.test(text) && !/^["']|^\s|\s$|\p{Cc}/u.test(text)
  return isPlain ? text : JSON.stringify(text)
}

type Token =
  | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean; readonly column: number }
  | { readonly kind: ',' | ';' | '='; readonly text: string; readonly column: number }

/** What the next token is: the first thing of a map, what follows that, a key, what follows it, or part of a value. */
type State = 'first' | 'after-first' | 'key' | 'after-key' | 'value'

class Reader {
  readonly #maps: KeyValueMap[] = []
  #map = new Map<string, string>()
  #state: State = 'first'
  #key = ''
  #value: Value = new Value()

  take(token: Token): void {
    switch (this.#state) {
      case 'first':
      case 'key':
        return this.#takeKey(token)
      case 'after-first':
      case 'after-key':
        return this.#takeAfterKey(token)
      case 'value':
        if (token.kind === 'text' || token.kind === '=') return this.#value.add(token)
        this.#map.set(this.#key, this.#value.finish())
        this.#value = new Value()
        return this.#next(token.kind)
    }
  }

  finish(): KeyValueList {
    if (this.#state === 'value') this.#map.set(this.#key, this.#value.finish())
    if (this.#state === 'after-first') this.#keepFirst()
    this.#endMap()
    return { maps: this.#maps, danglingKey: this.#state === 'after-key' ? this.#key : undefined }
  }

  #takeKey(token: Token): void {
    if (token.kind === '=') throw this.#unexpected(token)
    // Empty elements are skipped; after a semicolon that holds for a comma too, which then does not end the map.
    if (token.kind !== 'text') return
    this.#key = token.text.trim()
    this.#state = this.#state === 'first' ? 'after-first' : 'after-key'
  }

  #takeAfterKey(token: Token): void {
    if (token.kind === '=') this.#state = 'value'
    else if (token.kind === 'text' || this.#state === 'after-key') throw this.#unexpected(token)
    else {
      this.#keepFirst()
      this.#next(token.kind)
    }
  }

  #keepFirst(): void {
    if (this.#key !== '') this.#map.set('', this.#key)
  }

  #next(separator: ',' | ';'): void {
    this.#state = separator === ',' ? 'first' : 'key'
    if (separator === ',') this.#endMap()
  }

  #endMap(): void {
    if (this.#map.size > 0) this.#maps.push(this.#map)
    this.#map = new Map()
  }

  #unexpected(token: Token): ConfigError {
    return new ConfigError(`unexpected "${token.text}" at column ${token.column}; expected key=value pairs`)
  }
}

/** A value in the making: `a="b"c=d` has several parts. Blanks are dropped at its ends unless they are in quotes. */
class Value {
  #text = ''
  #lastPartQuoted = false

  add(part: Token): void {
    this.#lastPartQuoted = part.kind === 'text' && part.quoted
    this.#text += this.#text === '' && !this.#lastPartQuoted ? part.text.trimStart() : part.text
  }

  finish(): string {
    return this.#lastPartQuoted ? this.#text : this.#text.trimEnd()
  }
}

function* tokens(source: string): Generator<Token> {
  // Sticky, so that each match begins where the one before ended. A quote is only a quote at the start of a token.
  const plain = /[^,;=]+/y
  const quoted = /(["'])((?:\\.|(?!\1|\\).)*)\1/suy
  let at = 0
  while (at < source.length) {
    const column = at + 1
    const first = source.charAt(at)
    if (first === ',' || first === ';' || first === '=') {
      yield { kind: first, text: first, column }
      at += 1
    } else if (first === '"' || first === "'") {
      quoted.lastIndex = at
      const [whole, , inner] = quoted.exec(source) ?? []
      if (whole === undefined || inner === undefined) throw unterminated(source, at)
      const text = unescapeGoString(inner)
      if (text === undefined) throw new ConfigError(`invalid escape sequence at column ${column}`)
      yield { kind: 'text', text, quoted: true, column }
      at += whole.length
    } else {
      plain.lastIndex = at
      const text = plain.exec(source)?.[0] ?? first
      yield { kind: 'text', text, quoted: false, column }
      at += text.length
    }
  }
}

function unterminated(source: string, at: number): ConfigError {
  const trailing = /\\+$/.exec(source.slice(at + 1))?.[0].length ?? 0
  const reason = trailing % 2 === 1 ? 'unterminated escape sequence' : 'unbalanced quotes'
  return new ConfigError(`${reason} at column ${at + 1}`)
}

/** One warning for each key of the map that nothing reads. */
export function unknownKeyWarnings(
  map: KeyValueMap,
  keys: readonly KeyDescription[],
  where: string,
): readonly string[] {
  const unknown = [...map.keys()].filter(key => !keys.some(known => known.key === key))
  const known = keys.map(({ key }) => key).filter(key => key !== '')
  return unknown.map(key => `${where}: unknown key "${key}" is ignored; known keys are ${known.join(', ')}`)
}

// Reads as much of HCL and JSON as tells where the tags of a service stand: blocks, attributes, objects, lists and strings. Expressions
// of HCL that are none of these (calls, references, arithmetic) are passed over.

/** Where something stands, both from 1, in UTF-16 units. */
export interface Place {
  readonly line: number
  readonly column: number
}

export class StructureError extends Error {
  override readonly name = 'StructureError'
  readonly place: Place

  constructor(message: string, place: Place) {
    super(message)
    this.place = place
  }
}

/** A string without its quotes and escapes. */
export interface TextNode {
  readonly kind: 'text'
  readonly value: string
  /** Where its UTF-16 units stand in the source; one more than it has, for its end. */
  readonly offsets: readonly number[]
}

export type Node =
  | TextNode
  | { readonly kind: 'list'; readonly items: readonly Node[] }
  | { readonly kind: 'object'; readonly entries: readonly Entry[] }
  | { readonly kind: 'other' }

export interface Entry {
  readonly key: string
  /** `service "web" {` has one. */
  readonly labels: readonly string[]
  readonly value: Node
}

/** @throws StructureError at the first thing that is neither JSON nor HCL */
export function readStructure(source: string): Node {
  const reader = new StructureReader(source)
  return /^\s*[[{]/.test(source) ? reader.document() : reader.body(true)
}

export function placeOf(source: string, offset: number): Place {
  const before = source.slice(0, offset)
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') }
}

const MAX_DEPTH = 200

class StructureReader {
  readonly #source: string
  #at = 0
  #depth = 0

  constructor(source: string) {
    this.#source = source
  }

  document(): Node {
    const node = this.#value()
    this.#skip()
    if (this.#at < this.#source.length) throw this.#unexpected('the end of the file')
    return node
  }

  /** Up to the closing brace, or the end of the file. */
  body(isFile: boolean): Node {
    const entries: Entry[] = []
    if (++this.#depth > MAX_DEPTH) throw this.#unexpected('fewer levels')
    for (;;) {
      this.#skip()
      while (this.#take(',')) this.#skip()
      if (this.#at === this.#source.length) {
        if (!isFile) throw this.#unexpected('}')
        break
      }
      if (!isFile && this.#take('}')) break
      entries.push(this.#entry())
    }
    this.#depth--
    return { kind: 'object', entries }
  }

  #entry(): Entry {
    const key = this.#name()
    const labels: string[] = []
    for (;;) {
      this.#skip()
      if (this.#take('=') || this.#take(':')) return { key, labels, value: this.#value() }
      if (this.#take('{')) return { key, labels, value: this.body(false) }
      labels.push(this.#name())
    }
  }

  #name(): string {
    this.#skip()
    if (this.#source[this.#at] === '"') return this.#text().value
    const word = /[\p{L}\p{N}_.-]+/uy
    word.lastIndex = this.#at
    const found = word.exec(this.#source)?.[0]
    if (found === undefined) throw this.#unexpected('a name, =, : or {')
    this.#at += found.length
    return found
  }

  #value(): Node {
    this.#skip()
    const next = this.#source[this.#at]
    if (next === '"') {
      const text = this.#text()
      this.#skipExpression()
      return text
    }
    if (this.#take('{')) return this.body(false)
    if (this.#take('[')) return this.#list()
    if (this.#source.startsWith('<<', this.#at)) this.#skipHeredoc()
    else if (next === undefined || !this.#skipExpression()) throw this.#unexpected('a value')
    return { kind: 'other' }
  }

  #list(): Node {
    const items: Node[] = []
    if (++this.#depth > MAX_DEPTH) throw this.#unexpected('fewer levels')
    for (;;) {
      this.#skip()
      if (this.#take(']')) break
      items.push(this.#value())
      this.#skip()
      if (!this.#take(',') && this.#source[this.#at] !== ']') throw this.#unexpected(', or ]')
    }
    this.#depth--
    return { kind: 'list', items }
  }

  #text(): TextNode {
    const start = this.#at++
    const offsets: number[] = []
    let value = ''
    for (;;) {
      const char = this.#source[this.#at]
      if (char === undefined || char === '\n') {
        this.#at = start
        throw this.#unexpected('a string that ends on its line')
      }
      if (char === '"') break
      offsets.push(this.#at)
      if (char === '\\') value += this.#escape()
      else {
        value += char
        this.#at++
      }
    }
    offsets.push(this.#at++)
    return { kind: 'text', value, offsets }
  }

  /** One UTF-16 unit. */
  #escape(): string {
    const code = /\\u([0-9a-fA-F]{4})/y
    code.lastIndex = this.#at
    const hex = code.exec(this.#source)?.[1]
    if (hex !== undefined) {
      this.#at += 6
      return String.fromCharCode(Number.parseInt(hex, 16))
    }
    const escaped = ESCAPES.get(this.#source[this.#at + 1] ?? '')
    if (escaped === undefined) throw this.#unexpected('one of \\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX')
    this.#at += 2
    return escaped
  }

  /** To the end of the line, or to what closes the list or the object. False: there is nothing. */
  #skipExpression(): boolean {
    const start = this.#at
    let depth = 0
    for (; this.#at < this.#source.length; this.#at++) {
      const char = this.#source[this.#at] ?? ''
      if (char === '"') {
        this.#text()
        this.#at--
      } else if ('([{'.includes(char)) depth++
      else if (depth === 0 && (',]}\n'.includes(char) || this.#isComment())) break
      else if (')]}'.includes(char)) depth--
    }
    return this.#at > start
  }

  #skipHeredoc(): void {
    const heredoc = /<<[-~]?([\p{L}\p{N}_]+)[^\n]*\n[\s\S]*?^[ \t]*\1[ \t]*$/muy
    heredoc.lastIndex = this.#at
    const found = heredoc.exec(this.#source)?.[0]
    if (found === undefined) throw this.#unexpected('the end of the heredoc')
    this.#at += found.length
  }

  #skip(): void {
    const blank = /(?:[\s\ufeff]+|#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y
    blank.lastIndex = this.#at
    this.#at += blank.exec(this.#source)?.[0].length ?? 0
  }

  #isComment(): boolean {
    return /^(?:#|\/\/|\/\*)/.test(this.#source.slice(this.#at, this.#at + 2))
  }

  #take(char: string): boolean {
    if (this.#source[this.#at] !== char) return false
    this.#at++
    return true
  }

  #unexpected(expected: string): StructureError {
    const found = this.#source[this.#at]
    const what = found === undefined ? 'the end of the file' : JSON.stringify(found)
    return new StructureError(`${what} where ${expected} was expected`, placeOf(this.#source, this.#at))
  }
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
])

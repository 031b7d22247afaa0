import { isSpace } from './go-text.ts'

/** Reads the words of one command line, and remembers how far it got: there is what is wrong with a line that fits no form. */
export class LineScanner {
  readonly #text: string
  readonly #start: number
  readonly #end: number
  #at: number
  #furthest: number

  constructor(text: string) {
    this.#text = text
    let start = 0
    let end = text.length
    while (start < end && isSpace(text.charCodeAt(start))) start++
    while (end > start && isSpace(text.charCodeAt(end - 1))) end--
    this.#start = start
    this.#end = end
    this.#at = start
    this.#furthest = start
  }

  get isAtEnd(): boolean {
    return this.#at === this.#end
  }

  /** From 1: where reading stands. */
  get column(): number {
    return this.#at + 1
  }

  /** From 1: the first place that fitted none of the forms tried. */
  get furthestColumn(): number {
    return this.#furthest + 1
  }

  restart(): void {
    this.#at = this.#start
  }

  startsWith(text: string): boolean {
    return this.#text.startsWith(text, this.#start)
  }

  /** Whether the line starts with these words, whatever follows the second: Fabio takes `route addx` for a bad `route add`. */
  startsWithWords(first: string, second: string): boolean {
    if (!this.startsWith(first)) return false
    const next = this.#skipBlanks(this.#start + first.length)
    return next > this.#start + first.length && this.#text.startsWith(second, next)
  }

  /** Takes the next word if it is this one. */
  keyword(keyword: string): boolean {
    const { start, end } = this.#nextWord()
    if (end - start !== keyword.length || !this.#text.startsWith(keyword, start)) {
      this.#reach(start)
      return false
    }
    this.#advance(end)
    return true
  }

  /** Takes the next word, whatever it is; undefined at the end of the line. */
  word(): { readonly text: string; readonly column: number } | undefined {
    const { start, end } = this.#nextWord()
    if (start === end) {
      this.#reach(start)
      return undefined
    }
    this.#advance(end)
    return { text: this.#text.slice(start, end), column: start + 1 }
  }

  /** Takes `"…"`. There are no escapes; behind the closing quote the line ends or a blank stands. */
  quoted(): string | undefined {
    const { start } = this.#nextWord()
    this.#reach(start)
    if (start >= this.#end || this.#text[start] !== '"') return undefined
    const close = this.#text.indexOf('"', start + 1)
    if (close < 0 || close >= this.#end) return undefined
    this.#reach(close + 1)
    if (close + 1 < this.#end && !isBlank(this.#text.charCodeAt(close + 1))) return undefined
    this.#advance(close + 1)
    return this.#text.slice(start + 1, close)
  }

  #nextWord(): { start: number; end: number } {
    const start = this.#skipBlanks(this.#at)
    let end = start
    while (end < this.#end && !isBlank(this.#text.charCodeAt(end))) end++
    return { start, end }
  }

  #skipBlanks(from: number): number {
    let at = from
    while (at < this.#end && isBlank(this.#text.charCodeAt(at))) at++
    return at
  }

  #advance(to: number): void {
    this.#at = to
    this.#reach(this.#skipBlanks(to))
  }

  #reach(at: number): void {
    if (at > this.#furthest) this.#furthest = at
  }
}

// `\s` of Go's regular expressions: fewer characters than those trimmed from the ends of a line.
function isBlank(unit: number): boolean {
  return unit === 0x20 || unit === 0x09 || unit === 0x0a || unit === 0x0c || unit === 0x0d
}

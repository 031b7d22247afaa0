/** A glob as a list of parts that follow each other. Texts and characters are compared by code point. */
export type GlobPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'any' } // `*` and `**`: any text, also none
  | { readonly kind: 'single' } // `?`
  | CharacterSet
  | { readonly kind: 'alternatives'; readonly alternatives: readonly (readonly GlobPart[])[] }

/** `[abc]`, `[!a-z]`. */
export interface CharacterSet {
  readonly kind: 'set'
  readonly isNegated: boolean
  /** Code points, both ends included. */
  readonly ranges: readonly (readonly [from: number, to: number])[]
}

/** Whether the set has this code point. */
export function setHas({ ranges, isNegated }: CharacterSet, code: number): boolean {
  for (const [from, to] of ranges) {
    if (code >= from && code <= to) return !isNegated
  }
  return isNegated
}

/** The pattern is no glob. The message is the one Fabio logs. */
export class GlobSyntaxError extends Error {}

/**
 * Parses the glob language of Fabio 1.7: `*` `**` `?` `[abc]` `[!a-z]` `{a,b*}` and `\c`. A brace that is not closed is
 * closed by the end; `]`, `}` and `,` where they close or part nothing are text. Throws a GlobSyntaxError.
 */
export function parseGlob(pattern: string): readonly GlobPart[] {
  const parts: GlobPart[] = []
  const open: OpenBrace[] = [] // innermost last
  let current = parts
  const reader = new PatternReader(pattern)

  for (let next = reader.take(); next !== undefined; next = reader.take()) {
    if (next === '{') {
      if (open.length === DEEPEST) throw new GlobSyntaxError('braces nested too deep')
      open.push({ outer: current, alternatives: [] })
      current = []
    } else if (next === ',' && open.length > 0) {
      open.at(-1)?.alternatives.push(current)
      current = []
    } else if (next === '}' && open.length > 0) {
      current = close(open, current)
    } else if (next === '[') {
      current.push(parseSet(reader))
    } else if (next === '*') {
      if (current.at(-1)?.kind !== 'any') current.push({ kind: 'any' })
    } else if (next === '?') {
      current.push({ kind: 'single' })
    } else {
      pushText(current, next === '\\' ? reader.take() : next)
    }
  }
  while (open.length > 0) current = close(open, current)
  return parts
}

// Far more than anybody writes; keeps whoever walks the parts from running out of stack.
const DEEPEST = 100

interface OpenBrace {
  readonly outer: GlobPart[]
  readonly alternatives: GlobPart[][]
}

function close(open: OpenBrace[], last: GlobPart[]): GlobPart[] {
  const brace = open.pop()
  if (brace === undefined) return last
  brace.alternatives.push(last)
  brace.outer.push({ kind: 'alternatives', alternatives: brace.alternatives })
  return brace.outer
}

// A backslash at the end of a pattern escapes nothing and means nothing.
function pushText(parts: GlobPart[], character: string | undefined): void {
  if (character === undefined) return
  const last = parts.at(-1)
  if (last?.kind === 'text') parts[parts.length - 1] = { kind: 'text', text: last.text + character }
  else parts.push({ kind: 'text', text: character })
}

/** Reads what follows a `[`, up to and with its `]`. Either one range or a list: `[a-cx]` is an error, `[xa-c]` has a `-`. */
function parseSet(reader: PatternReader): CharacterSet {
  const isNegated = reader.peek() === '!'
  if (isNegated) reader.take()

  const from = reader.peek()
  if (from === undefined) throw new GlobSyntaxError(UNCLOSED)
  if (reader.peek(1) === '-') return { kind: 'set', isNegated, ranges: [parseRange(reader)] }

  const ranges: (readonly [number, number])[] = []
  for (let next = reader.take(); next !== ']'; next = reader.take()) {
    const character = next === '\\' ? reader.take() : next
    if (character === undefined) throw new GlobSyntaxError(UNCLOSED)
    ranges.push([codeOf(character), codeOf(character)])
  }
  if (ranges.length === 0) throw new GlobSyntaxError('could not parse range')
  return { kind: 'set', isNegated, ranges }
}

function parseRange(reader: PatternReader): readonly [number, number] {
  const low = reader.take() ?? ''
  reader.take() // the `-`
  const high = reader.take()
  const end = reader.take()
  if (high === undefined || end === undefined) throw new GlobSyntaxError(UNCLOSED)
  if (end !== ']') throw new GlobSyntaxError('expected close range character')
  if (codeOf(high) < codeOf(low)) {
    throw new GlobSyntaxError(`hi character '${high}' should be greater than lo '${low}'`)
  }
  return [codeOf(low), codeOf(high)]
}

const UNCLOSED = 'unexpected end of input'

/** The characters of a pattern one after the other, surrogate pairs as one. */
class PatternReader {
  readonly #characters: readonly string[]
  #at = 0

  constructor(pattern: string) {
    this.#characters = [...pattern]
  }

  take(): string | undefined {
    return this.#characters[this.#at++]
  }

  peek(ahead = 0): string | undefined {
    return this.#characters[this.#at + ahead]
  }
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0
}

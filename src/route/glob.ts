import { GlobMachine } from './glob-machine.ts'
import type { GlobPart } from './glob-syntax.ts'
import { parseGlob, setHas } from './glob-syntax.ts'

/**
 * A compiled glob. Takes time in proportion to the text, times the pattern at worst: no text and no pattern from outside
 * can make it take exponential time, as a regular expression might.
 */
export interface Glob {
  /** Whether the whole text fits. */
  matches(text: string): boolean
  /** Every text that fits ends with this. */
  readonly literalEnd: string
  /** Whether every text that ends so fits: `*.test`. */
  readonly isSuffix: boolean
}

/** Throws a GlobSyntaxError. */
export function compileGlob(pattern: string): Glob {
  if (pattern.startsWith('*') && !hasGlobCharacters(pattern.slice(1))) return new SuffixGlob(pattern.slice(1))
  const parts = parseGlob(pattern)
  const last = parts.at(-1)
  const literalEnd = last?.kind === 'text' ? last.text : ''
  const sequences = expand(parts)
  if (sequences === undefined) return new GlobMachine(parts, literalEnd)
  const globs = sequences.map(sequence => new SequenceGlob(sequence, literalEnd))
  const [only] = globs
  return only !== undefined && globs.length === 1 ? only : new AnyOfGlobs(globs, literalEnd)
}

/** Whether a pattern means more than its own text. */
export function hasGlobCharacters(pattern: string): boolean {
  return /[*?[{\\]/.test(pattern)
}

/** By far the most common host pattern. */
class SuffixGlob implements Glob {
  readonly literalEnd: string
  readonly isSuffix = true

  constructor(literalEnd: string) {
    this.literalEnd = literalEnd
  }

  matches(text: string): boolean {
    return text.endsWith(this.literalEnd)
  }
}

type SequencePart = Exclude<GlobPart, { kind: 'alternatives' }>
type Step = Exclude<SequencePart, { kind: 'any' }>

/** The sequences that a pattern with alternatives stands for, if they are few: `{a,b}.test` for `a.test` and `b.test`. */
function expand(parts: readonly GlobPart[]): readonly (readonly SequencePart[])[] | undefined {
  let sequences: SequencePart[][] = [[]]
  for (const part of parts) {
    if (part.kind !== 'alternatives') {
      for (const sequence of sequences) sequence.push(part)
      continue
    }
    const expanded = part.alternatives.map(expand)
    const ends = expanded.flatMap(end => end ?? [])
    if (expanded.includes(undefined) || sequences.length * ends.length > MOST_SEQUENCES) return undefined
    sequences = sequences.flatMap(sequence => ends.map(end => [...sequence, ...end]))
  }
  return sequences
}

const MOST_SEQUENCES = 16

/** A glob with few alternatives. */
class AnyOfGlobs implements Glob {
  readonly literalEnd: string
  readonly isSuffix = false
  readonly #globs: readonly Glob[]

  constructor(globs: readonly Glob[], literalEnd: string) {
    this.#globs = globs
    this.literalEnd = literalEnd
  }

  matches(text: string): boolean {
    for (const glob of this.#globs) {
      if (glob.matches(text)) return true
    }
    return false
  }
}

/**
 * A glob without alternatives: pieces of fixed length with any text between them. The first piece stands at the start, the
 * last at the end, and each other may be taken where it is found first: there is nothing to come back to.
 */
class SequenceGlob implements Glob {
  readonly literalEnd: string
  readonly isSuffix = false
  readonly #first: readonly Step[]
  readonly #middle: readonly (readonly Step[])[]
  /** Undefined when no `*` stands anywhere. */
  readonly #last: readonly Step[] | undefined

  constructor(parts: readonly SequencePart[], literalEnd: string) {
    const pieces: Step[][] = [[]]
    for (const part of parts) {
      if (part.kind === 'any') pieces.push([])
      else pieces.at(-1)?.push(part)
    }
    this.literalEnd = literalEnd
    this.#first = pieces[0] ?? []
    this.#middle = pieces.slice(1, -1)
    this.#last = pieces.length > 1 ? pieces.at(-1) : undefined
  }

  matches(text: string): boolean {
    let at = matchForward(this.#first, text, 0)
    if (at < 0) return false
    if (this.#last === undefined) return at === text.length

    const end = matchBackward(this.#last, text)
    if (end < at) return false
    for (const piece of this.#middle) {
      at = find(piece, text, at)
      if (at < 0 || at > end) return false
    }
    return true
  }
}

/** Where the piece ends that starts at `from`, or -1. */
function matchForward(piece: readonly Step[], text: string, from: number): number {
  let at = from
  for (const step of piece) {
    if (step.kind === 'text') {
      if (!text.startsWith(step.text, at)) return -1
      at += step.text.length
      continue
    }
    const code = text.codePointAt(at)
    if (code === undefined || (step.kind === 'set' && !setHas(step, code))) return -1
    at += code > 0xffff ? 2 : 1
  }
  return at
}

/** Where the piece starts that ends with the text, or -1. */
function matchBackward(piece: readonly Step[], text: string): number {
  let end = text.length
  for (let i = piece.length - 1; i >= 0; i--) {
    const step = piece[i]
    if (step === undefined) return -1
    if (step.kind === 'text') {
      if (!text.endsWith(step.text, end)) return -1
      end -= step.text.length
      continue
    }
    if (end === 0) return -1
    const start = isPairEnd(text, end) ? end - 2 : end - 1
    if (step.kind === 'set' && !setHas(step, text.codePointAt(start) ?? 0)) return -1
    end = start
  }
  return end
}

/** Where the first such piece at or behind `from` ends, or -1. */
function find(piece: readonly Step[], text: string, from: number): number {
  const [head] = piece
  for (let at = from; at <= text.length; at++) {
    if (head?.kind === 'text') {
      at = text.indexOf(head.text, at)
      if (at < 0) return -1
    }
    const end = matchForward(piece, text, at)
    if (end >= 0) return end
    if ((text.codePointAt(at) ?? 0) > 0xffff) at++
  }
  return -1
}

function isPairEnd(text: string, end: number): boolean {
  return end >= 2 && (text.codePointAt(end - 2) ?? 0) > 0xffff
}

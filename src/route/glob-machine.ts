import type { Glob } from './glob.ts'
import type { CharacterSet, GlobPart } from './glob-syntax.ts'
import { GlobSyntaxError, setHas } from './glob-syntax.ts'

/**
 * A glob with alternatives, as a machine that is in several states at once (Thompson's construction): each character of the
 * text is looked at once, and each state at most once per character.
 */
export class GlobMachine implements Glob {
  readonly literalEnd: string
  readonly isSuffix = false
  readonly #states: State[] = []
  readonly #start: number

  constructor(parts: readonly GlobPart[], literalEnd: string) {
    this.literalEnd = literalEnd
    this.#start = this.#addParts(parts, this.#add({ kind: 'end' }))
  }

  matches(text: string): boolean {
    const now = new StateSet(this.#states.length)
    const next = new StateSet(this.#states.length)
    let [from, to] = [now, next]
    this.#enter(this.#start, from)

    for (let at = 0; at < text.length && from.size > 0; ) {
      const code = text.codePointAt(at) ?? 0
      to.clear()
      for (let i = 0; i < from.size; i++) this.#step(from.at(i), code, to)
      at += code > 0xffff ? 2 : 1
      ;[from, to] = [to, from]
    }
    for (let i = 0; i < from.size; i++) {
      if (this.#states[from.at(i)]?.kind === 'end') return true
    }
    return false
  }

  #step(index: number, code: number, to: StateSet): void {
    const state = this.#states[index]
    if (state === undefined) return
    switch (state.kind) {
      case 'code':
        if (state.code === code) this.#enter(state.next, to)
        break
      case 'single':
        this.#enter(state.next, to)
        break
      case 'set':
        if (setHas(state.set, code)) this.#enter(state.next, to)
        break
      case 'any':
        this.#enter(index, to)
        break
      case 'end':
      case 'branch':
        break
    }
  }

  /** Adds a state with all that can be reached from it without a character. */
  #enter(index: number, set: StateSet): void {
    const waiting = [index]
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      if (!set.add(at)) continue
      const state = this.#states[at]
      if (state?.kind === 'any') waiting.push(state.next)
      if (state?.kind === 'branch') waiting.push(...state.to)
    }
  }

  /** Adds states for the parts, back to front, so that each knows the one behind it; returns the first. */
  #addParts(parts: readonly GlobPart[], next: number): number {
    let first = next
    for (let i = parts.length - 1; i >= 0; i--) {
      const part = parts[i]
      if (part !== undefined) first = this.#addPart(part, first)
    }
    return first
  }

  #addPart(part: GlobPart, next: number): number {
    switch (part.kind) {
      case 'text':
        return [...part.text].reduceRight((behind, character) => {
          return this.#add({ kind: 'code', code: character.codePointAt(0) ?? 0, next: behind })
        }, next)
      case 'any':
        return this.#add({ kind: 'any', next })
      case 'single':
        return this.#add({ kind: 'single', next })
      case 'set':
        return this.#add({ kind: 'set', set: part, next })
      case 'alternatives':
        return this.#add({ kind: 'branch', to: part.alternatives.map(parts => this.#addParts(parts, next)) })
    }
  }

  #add(state: State): number {
    if (this.#states.length === MOST_STATES) throw new GlobSyntaxError('too long for a pattern with alternatives')
    return this.#states.push(state) - 1
  }
}

// Bounds the time one lookup takes, whoever wrote the pattern: some hundred host names in braces fit.
const MOST_STATES = 4000

type State =
  | { readonly kind: 'code'; readonly code: number; readonly next: number }
  | { readonly kind: 'single'; readonly next: number }
  | { readonly kind: 'set'; readonly set: CharacterSet; readonly next: number }
  | { readonly kind: 'any'; readonly next: number }
  | { readonly kind: 'branch'; readonly to: readonly number[] }
  | { readonly kind: 'end' }

/** A set of small numbers that is emptied at no cost. */
class StateSet {
  readonly #members: Uint16Array
  readonly #places: Uint16Array
  size = 0

  constructor(capacity: number) {
    this.#members = new Uint16Array(capacity)
    this.#places = new Uint16Array(capacity)
  }

  at(place: number): number {
    return this.#members[place] ?? 0
  }

  clear(): void {
    this.size = 0
  }

  /** Whether it was new. */
  add(member: number): boolean {
    const place = this.#places[member] ?? 0
    if (place < this.size && this.#members[place] === member) return false
    this.#places[member] = this.size
    this.#members[this.size++] = member
    return true
  }
}

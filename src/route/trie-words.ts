import type { Owner } from './path-trie.ts'

// A node: its value, its label, the first unit that it has a place for, how many places, and those.
export const LABEL = 1
export const LOW = 2
export const SPAN = 3
export const SLOTS = 4
/** A value that is replaced counts as so many words of garbage: what it is of is kept as long. */
const VALUE_WORDS = 16
const LEAST_WASTE = 4096

interface Way {
  /** The last node whose label the text has. */
  readonly node: number
  /** Where in the text its label ends. */
  readonly at: number
  readonly isWhole: boolean
  /** The nodes above, from the root on, and the unit that was followed in each. */
  readonly parents: number[]
  readonly units: number[]
}

/** The nodes of one FlatTrie in all of its versions, in one array. A node is the place of its first word. */
export class TrieWords<R> {
  words: Int32Array = new Int32Array(256)
  /** By what nodes say of their values and labels; 0 is none. */
  readonly values: (R | undefined)[] = [undefined]
  readonly labels: string[] = ['']
  /** Some route has a character above ASCII. */
  hasWide = false
  owner: Owner | undefined
  /** Nodes from here on are the owner's, and may be changed in place. */
  #ownedFrom = 1
  #used = 1
  #garbage = 0

  get isWasteful(): boolean {
    return this.#garbage > LEAST_WASTE && this.#garbage > this.#used / 2
  }

  begin(owner: Owner): void {
    this.owner = owner
    this.#ownedFrom = this.#used
  }

  make(label: string): number {
    const node = this.#allocate(SLOTS)
    this.#setLabel(node, label)
    return node
  }

  valueOf(node: number): R | undefined {
    return this.values[this.words[node]!]
  }

  /** A label of one character is the unit that its parent has it under. */
  labelOf(node: number, unit: number): string {
    const label = this.words[node + LABEL]!
    return label === 0 ? String.fromCharCode(unit) : this.labels[label]!
  }

  /** 0 when there is none. */
  child(node: number, unit: number): number {
    const place = unit - this.words[node + LOW]!
    return place < 0 || place >= this.words[node + SPAN]! ? 0 : this.words[node + SLOTS + place]!
  }

  /** What children start with, ascending. */
  unitsOf(node: number): number[] {
    const low = this.words[node + LOW]!
    const units: number[] = []
    for (let place = 0; place < this.words[node + SPAN]!; place++) {
      if (this.words[node + SLOTS + place] !== 0) units.push(low + place)
    }
    return units
  }

  walk(root: number, text: string): Way {
    const parents: number[] = []
    const units: number[] = []
    let node = root
    let at = 0
    while (at < text.length) {
      const unit = text.charCodeAt(at)
      const child = this.child(node, unit)
      if (child === 0 || !text.startsWith(this.labelOf(child, unit), at)) break
      parents.push(node)
      units.push(unit)
      at += this.labelOf(child, unit).length
      node = child
    }
    return { node, at, isWhole: at === text.length, parents, units }
  }

  /** Puts a node where the way ended. @returns the root */
  relink(way: Way, node: number): number {
    let child = node
    for (let i = way.parents.length - 1; i >= 0; i--) child = this.withChild(way.parents[i]!, way.units[i]!, child)
    return child
  }

  withValue(node: number, value: R | undefined): number {
    const own = this.#own(node)
    if (this.words[own] !== 0) this.#garbage += VALUE_WORDS
    this.words[own] = value === undefined ? 0 : this.values.push(value) - 1
    return own
  }

  withLabel(node: number, label: string): number {
    const own = this.#own(node)
    this.#setLabel(own, label)
    return own
  }

  /** `child` 0 takes the child away. */
  withChild(node: number, unit: number, child: number): number {
    if (this.child(node, unit) === child) return node
    const low = this.words[node + LOW]!
    const span = this.words[node + SPAN]!
    if (unit >= low && unit < low + span) {
      const own = this.#own(node)
      this.words[own + SLOTS + unit - low] = child
      return own
    }
    // Four places at a time: digits come one after the other.
    const newLow = (span === 0 ? unit : Math.min(low, unit)) & ~3
    const newSpan = ((span === 0 ? unit : Math.max(low + span - 1, unit)) | 3) + 1 - newLow
    const wide = this.#allocate(SLOTS + newSpan)
    const { words } = this
    words[wide] = words[node]!
    words[wide + LABEL] = words[node + LABEL]!
    words[wide + LOW] = newLow
    words[wide + SPAN] = newSpan
    words.copyWithin(wide + SLOTS + low - newLow, node + SLOTS, node + SLOTS + span)
    words[wide + SLOTS + unit - newLow] = child
    this.#garbage += SLOTS + span
    return wide
  }

  /** Copies all that is below a node of others. */
  copyOf(others: TrieWords<R>, root: number): number {
    const copy = this.#copyNode(others, root)
    const waiting = [copy]
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      const slots = node + SLOTS
      for (let place = 0; place < this.words[node + SPAN]!; place++) {
        const child = this.words[slots + place]!
        if (child === 0) continue
        const copied = this.#copyNode(others, child)
        this.words[slots + place] = copied
        waiting.push(copied)
      }
    }
    return copy
  }

  #copyNode(others: TrieWords<R>, node: number): number {
    const span = others.words[node + SPAN]!
    const copy = this.#allocate(SLOTS + span)
    this.words.set(others.words.subarray(node, node + SLOTS + span), copy)
    const value = others.valueOf(node)
    this.words[copy] = value === undefined ? 0 : this.values.push(value) - 1
    const label = others.words[node + LABEL]!
    if (label !== 0) this.words[copy + LABEL] = this.labels.push(others.labels[label]!) - 1
    return copy
  }

  #own(node: number): number {
    if (node >= this.#ownedFrom) return node
    const size = SLOTS + this.words[node + SPAN]!
    const copy = this.#allocate(size)
    this.words.copyWithin(copy, node, node + size)
    this.#garbage += size
    return copy
  }

  #setLabel(node: number, label: string): void {
    if (this.words[node + LABEL] !== 0) this.#garbage++
    this.words[node + LABEL] = label.length < 2 ? 0 : this.labels.push(label) - 1
  }

  #allocate(size: number): number {
    const node = this.#used
    this.#used += size
    if (this.#used > this.words.length) {
      const larger = new Int32Array(Math.max(this.words.length * 2, this.#used))
      larger.set(this.words)
      this.words = larger
    }
    return node
  }
}

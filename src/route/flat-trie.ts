import { byteRank } from './go-text.ts'
import type { PathIndex } from './path-index.ts'
import type { Owner } from './path-trie.ts'
import { LABEL, LOW, SLOTS, SPAN, TrieWords } from './trie-words.ts'

/**
 * A radix trie like PathTrie, for a host with many routes: its nodes are numbers in one array. Where requests go to ever other routes, most of
 * what a lookup reads has to come from memory, one place after the other; here that is one place a node, instead of the node, its list of
 * children and the place in it.
 *
 * Persistent too: an edit writes behind what is there, and what it copied is garbage until the array is written anew.
 */
export class FlatTrie<R extends { readonly path: string }> implements PathIndex<R> {
  readonly #nodes: TrieWords<R>
  readonly #root: number
  /** How many routes there are. */
  readonly #size: number

  private constructor(nodes: TrieWords<R>, root: number, size: number) {
    this.#nodes = nodes
    this.#root = root
    this.#size = size
  }

  static of<R extends { readonly path: string }>(routes: Iterable<R>, owner: Owner): FlatTrie<R> {
    const nodes = new TrieWords<R>()
    let trie = new FlatTrie<R>(nodes, nodes.make(''), 0)
    for (const route of routes) trie = trie.set(route.path, route, owner)
    return trie
  }

  get isEmpty(): boolean {
    return this.#size === 0
  }

  match(path: string): R | undefined {
    const nodes = this.#nodes
    const { words } = nodes
    const text = nodes.hasWide ? toSymbols(path) : path
    let best = 0
    let node = this.#root
    for (let at = 0; ; ) {
      const value = words[node]!
      if (value !== 0) best = value
      if (at === text.length) break
      const place = text.charCodeAt(at) - words[node + LOW]!
      if (place < 0 || place >= words[node + SPAN]!) break
      node = words[node + SLOTS + place]!
      if (node === 0) break
      const label = words[node + LABEL]!
      if (label === 0) {
        at++
        continue
      }
      const rest = nodes.labels[label]!
      if (!text.startsWith(rest, at)) break
      at += rest.length
    }
    return nodes.values[best]
  }

  get(path: string): R | undefined {
    const way = this.#nodes.walk(this.#root, toSymbols(path))
    return way.isWhole ? this.#nodes.valueOf(way.node) : undefined
  }

  set(path: string, route: R, owner: Owner): FlatTrie<R> {
    const { nodes, root } = this.#begin(owner)
    const text = toSymbols(path)
    if (text !== path) nodes.hasWide = true
    const way = nodes.walk(root, text)
    let node = way.node
    let { at } = way
    const size = this.#size + (way.isWhole && nodes.valueOf(node) !== undefined ? 0 : 1)
    if (way.isWhole) {
      node = nodes.withValue(node, route)
    } else {
      let unit = text.charCodeAt(at)
      const child = nodes.child(node, unit)
      let parent = node
      if (child !== 0) {
        // The text leaves the label of the child before its end.
        const label = nodes.labelOf(child, unit)
        const shared = sharedLength(label, text, at)
        const lower = nodes.withLabel(child, label.slice(shared))
        parent = nodes.withChild(nodes.make(label.slice(0, shared)), label.charCodeAt(shared), lower)
        at += shared
      }
      if (at === text.length) {
        parent = nodes.withValue(parent, route)
      } else {
        const leaf = nodes.withValue(nodes.make(text.slice(at)), route)
        parent = nodes.withChild(parent, text.charCodeAt(at), leaf)
      }
      if (child === 0) {
        node = parent
      } else {
        unit = text.charCodeAt(way.at)
        node = nodes.withChild(node, unit, parent)
      }
    }
    return new FlatTrie(nodes, nodes.relink(way, node), size)
  }

  delete(path: string, owner: Owner): FlatTrie<R> {
    if (this.get(path) === undefined) return this
    const { nodes, root } = this.#begin(owner)
    const way = nodes.walk(root, toSymbols(path))
    let node = nodes.withValue(way.node, undefined)
    // Of nodes without value and with one child, none is left but the root: those are joined with it. A node without anything goes.
    for (;;) {
      const unit = way.units.at(-1)
      const parent = way.parents.at(-1)
      if (unit === undefined || parent === undefined || nodes.valueOf(node) !== undefined) break
      const units = nodes.unitsOf(node)
      const [only] = units
      if (units.length > 1) break
      if (only !== undefined) {
        const child = nodes.child(node, only)
        node = nodes.withLabel(child, nodes.labelOf(node, unit) + nodes.labelOf(child, only))
        break
      }
      way.parents.pop()
      way.units.pop()
      node = nodes.withChild(parent, unit, 0)
    }
    return new FlatTrie(nodes, nodes.relink(way, node), this.#size - 1)
  }

  *values(): Generator<R> {
    const nodes = this.#nodes
    // A node comes again, negative, when all of its children have come.
    const waiting = [this.#root]
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (next > 0) {
        waiting.push(-next)
        for (const unit of nodes.unitsOf(next)) waiting.push(nodes.child(next, unit))
        continue
      }
      const value = nodes.valueOf(-next)
      if (value !== undefined) yield value
    }
  }

  /** The nodes to edit in the name of this owner: others when these are mostly garbage. */
  #begin(owner: Owner): { nodes: TrieWords<R>; root: number } {
    const nodes = this.#nodes
    if (nodes.owner === owner) return { nodes, root: this.#root }
    if (!nodes.isWasteful) {
      nodes.begin(owner)
      return { nodes, root: this.#root }
    }
    const fresh = new TrieWords<R>()
    fresh.hasWide = nodes.hasWide
    const root = fresh.copyOf(nodes, this.#root)
    fresh.begin(owner)
    return { nodes: fresh, root }
  }
}

/**
 * The text in units below 192 that are ordered as its UTF-8 form is: a unit above ASCII becomes three. Most texts are that already.
 */
function toSymbols(text: string): string {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x80) return encodeWide(text)
  return text
}

function encodeWide(text: string): string {
  const symbols: number[] = []
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    const rank = byteRank(unit)
    if (unit < 0x80) symbols.push(unit)
    else symbols.push(0x80 | (rank >>> 12), 0x80 | ((rank >>> 6) & 63), 0x80 | (rank & 63))
  }
  return symbols.map(symbol => String.fromCharCode(symbol)).join('')
}

function sharedLength(label: string, text: string, at: number): number {
  const most = Math.min(label.length, text.length - at)
  let length = 0
  while (length < most && label.charCodeAt(length) === text.charCodeAt(at + length)) length++
  return length
}

import { byteRank } from './go-text.ts'

/** Who may change a node in place: the edit that made it. Any object will do; nodes of another owner are copied first. */
export type Owner = object

/**
 * Texts and their values, as a persistent radix trie: an edit copies the nodes from the root to what it changes, so those
 * who hold the old root see the old trie. A bulk edit copies each node once, however many texts it sets.
 *
 * Edges are characters, not path segments: `/foo` is also a prefix of `/foobar`.
 */
export class PathTrie<V> {
  readonly root: TrieNode<V> | undefined

  constructor(root?: TrieNode<V>) {
    this.root = root
  }

  get isEmpty(): boolean {
    return this.root === undefined
  }

  get(key: string): V | undefined {
    let node = this.root
    for (let at = 0; node?.fits(key, at); node = node.child(key.charCodeAt(at))) {
      at += node.length
      if (at === key.length) return node.value
    }
    return undefined
  }

  /** The value of the longest text in the trie that `path` starts with. */
  match(path: string): V | undefined {
    let best: V | undefined
    let node = this.root
    for (let at = 0; node?.fits(path, at); node = node.child(path.charCodeAt(at))) {
      if (node.value !== undefined) best = node.value
      at += node.length
      if (at === path.length) break
    }
    return best
  }

  /** The trie in which `key` has this value. It is the same object when the owner may change this one in place. */
  set(key: string, value: V, owner: Owner): PathTrie<V> {
    let root: TrieNode<V> | undefined
    let parent: TrieNode<V> | undefined
    let place = 0
    let node = this.root
    let at = 0
    while (node !== undefined) {
      const shared = sharedLength(node.label, key, at)
      const next: TrieNode<V> = shared < node.length ? split(node, shared, owner) : node.ownedBy(owner)
      if (parent === undefined) root = next
      else parent.children[place] = next
      at += shared
      if (at === key.length) {
        next.value = value
        return this.#after(root)
      }
      parent = next
      place = next.placeOf(key.charCodeAt(at))
      node = next.child(key.charCodeAt(at))
    }
    const leaf = new TrieNode<V>(key.slice(at), owner)
    leaf.value = value
    if (parent === undefined) return this.#after(leaf)
    parent.insert(place, leaf)
    return this.#after(root)
  }

  /** The trie without `key`; this one when it has none. */
  delete(key: string, owner: Owner): PathTrie<V> {
    if (this.root === undefined || this.get(key) === undefined) return this
    // The way to the node of the key. Of nodes without value and with one child, none is left: those are joined.
    const way = [this.root.ownedBy(owner)]
    const places = [0]
    for (let at = way[0]?.length ?? 0; at < key.length; at += way.at(-1)?.length ?? 0) {
      const parent = way.at(-1)
      const place = parent?.placeOf(key.charCodeAt(at)) ?? 0
      const node = parent?.children[place]?.ownedBy(owner)
      if (parent === undefined || node === undefined) return this
      parent.children[place] = node
      way.push(node)
      places.push(place)
    }

    const node = way.pop()
    const place = places.pop() ?? 0
    const parent = way.at(-1)
    if (node === undefined) return this
    node.value = undefined
    if (node.children.length > 0) {
      const joined = joinWithOnlyChild(node, owner)
      if (parent === undefined) return this.#after(joined)
      parent.children[place] = joined
      return this.#after(way[0])
    }
    if (parent === undefined) return this.#after(undefined)
    parent.remove(place)
    const joined = joinWithOnlyChild(parent, owner)
    const grandparent = way.at(-2)
    if (grandparent === undefined) return this.#after(joined)
    grandparent.children[places.at(-1) ?? 0] = joined
    return this.#after(way[0])
  }

  /** All values, by their texts in descending byte order: a text comes before its prefixes. */
  *values(): Generator<V> {
    if (this.root !== undefined) yield* this.root.values()
  }

  /** The same kind of trie with another root. */
  protected withRoot(root: TrieNode<V> | undefined): PathTrie<V> {
    return new PathTrie(root)
  }

  #after(root: TrieNode<V> | undefined): PathTrie<V> {
    return root === this.root ? this : this.withRoot(root)
  }
}

export class TrieNode<V> {
  value: V | undefined = undefined
  /** In byte order of their first characters, which all differ. A child may be replaced by one with the same. */
  children: TrieNode<V>[] = []
  /** The first UTF-16 units of the children. One text is read faster than so many nodes, which lie all over the memory. */
  #heads = ''
  #label = ''
  #length = 0
  #first = Number.NaN
  readonly #owner: Owner

  constructor(label: string, owner: Owner) {
    this.#owner = owner
    this.label = label
  }

  /** What this node adds to the text of its parent. Empty in a root only. */
  get label(): string {
    return this.#label
  }

  set label(label: string) {
    this.#label = label
    // Kept here because reading the text itself would be one more trip to memory, and most labels are a character long.
    this.#length = label.length
    this.#first = label.charCodeAt(0)
  }

  /** Of the label. */
  get length(): number {
    return this.#length
  }

  /** Whether the label stands at this place of a text. */
  fits(text: string, at: number): boolean {
    if (this.#length <= 1) return this.#length === 0 || text.charCodeAt(at) === this.#first
    return text.startsWith(this.#label, at)
  }

  child(unit: number): TrieNode<V> | undefined {
    const heads = this.#heads
    if (heads.length > 8) {
      const place = this.placeOf(unit)
      return heads.charCodeAt(place) === unit ? this.children[place] : undefined
    }
    for (let place = 0; place < heads.length; place++) {
      if (heads.charCodeAt(place) === unit) return this.children[place]
    }
    return undefined
  }

  /** Where the child stands that starts with this UTF-16 unit, or where it would. */
  placeOf(unit: number): number {
    const heads = this.#heads
    const rank = byteRank(unit)
    let low = 0
    let high = heads.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (byteRank(heads.charCodeAt(middle)) < rank) low = middle + 1
      else high = middle
    }
    return low
  }

  insert(place: number, child: TrieNode<V>): void {
    this.children.splice(place, 0, child)
    this.#heads = this.#heads.slice(0, place) + child.label.charAt(0) + this.#heads.slice(place)
  }

  remove(place: number): void {
    this.children.splice(place, 1)
    this.#heads = this.#heads.slice(0, place) + this.#heads.slice(place + 1)
  }

  ownedBy(owner: Owner): TrieNode<V> {
    if (this.#owner === owner) return this
    const copy = new TrieNode<V>(this.#label, owner)
    copy.value = this.value
    copy.children = this.children.slice()
    copy.#heads = this.#heads
    return copy
  }

  /** The values of this node and those below, in descending byte order. */
  *values(): Generator<V> {
    const waiting: { node: TrieNode<V>; areChildrenDone: boolean }[] = [{ node: this, areChildrenDone: false }]
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { node, areChildrenDone } = next
      if (areChildrenDone || node.children.length === 0) {
        if (node.value !== undefined) yield node.value
        continue
      }
      waiting.push({ node, areChildrenDone: true })
      for (const child of node.children) waiting.push({ node: child, areChildrenDone: false })
    }
  }
}

/** Puts a node between `child` and its parent, for the first `length` characters of its label. */
function split<V>(child: TrieNode<V>, length: number, owner: Owner): TrieNode<V> {
  const upper = new TrieNode<V>(child.label.slice(0, length), owner)
  const lower = child.ownedBy(owner)
  lower.label = child.label.slice(length)
  upper.insert(0, lower)
  return upper
}

/** What stands in the place of a node: its only child, if it is there for nothing else. */
function joinWithOnlyChild<V>(node: TrieNode<V>, owner: Owner): TrieNode<V> {
  const [only, ...others] = node.children
  if (only === undefined || others.length > 0 || node.value !== undefined) return node
  const joined = only.ownedBy(owner)
  joined.label = node.label + only.label
  return joined
}

function sharedLength(label: string, key: string, at: number): number {
  const most = Math.min(label.length, key.length - at)
  let length = 0
  while (length < most && label.charCodeAt(length) === key.charCodeAt(at + length)) length++
  return length
}

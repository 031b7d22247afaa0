import { FlatTrie } from './flat-trie.ts'
import { compareBytes, lowerCase } from './go-text.ts'
import type { GlobRoute } from './path-globs.ts'
import { GlobTrie } from './path-globs.ts'
import type { Owner, TrieNode } from './path-trie.ts'
import { PathTrie } from './path-trie.ts'

/** `proxy.matcher`: how the path of a request is compared with those of routes. */
export type PathMatcher = 'prefix' | 'iprefix' | 'glob'

/** The routes of one host by path. Persistent: an edit returns an index and leaves this one as it is for who holds it. */
export interface PathIndex<R> {
  readonly isEmpty: boolean
  /** The route a request for this path goes to. */
  match(path: string): R | undefined
  /** The route of exactly this path. */
  get(path: string): R | undefined
  set(path: string, route: R, owner: Owner): PathIndex<R>
  delete(path: string, owner: Owner): PathIndex<R>
  /** In the order they are tried. */
  values(): Iterable<R>
}

export function createPathIndex<R extends GlobRoute>(matcher: PathMatcher): PathIndex<R> {
  switch (matcher) {
    case 'prefix':
      return new PrefixTrie<R>()
    case 'iprefix':
      return new FoldedIndex<R>(new PathTrie())
    case 'glob':
      return new GlobTrie<R>()
  }
}

/** The same routes in what suits so many of them. */
export function suited<R extends GlobRoute>(index: PathIndex<R>, owner: Owner): PathIndex<R> {
  return index instanceof PrefixTrie && index.size > MANY ? FlatTrie.of<R>(index.values(), owner) : index
}

/** From how many routes on a host's paths are kept in one array: less would not be worth one, and most hosts have a handful. */
const MANY = 100

/** Matcher `prefix`: the longest prefix. */
class PrefixTrie<R extends { readonly path: string }> extends PathTrie<R> {
  size = 0

  override set(path: string, route: R, owner: Owner): PathTrie<R> {
    const growth = this.get(path) === undefined ? 1 : 0
    return this.#sized(super.set(path, route, owner), growth)
  }

  override delete(path: string, owner: Owner): PathTrie<R> {
    const growth = this.get(path) === undefined ? 0 : -1
    return this.#sized(super.delete(path, owner), growth)
  }

  protected override withRoot(root: TrieNode<R> | undefined): PathTrie<R> {
    return new PrefixTrie<R>(root)
  }

  #sized(trie: PathTrie<R>, growth: number): PathTrie<R> {
    if (trie instanceof PrefixTrie) trie.size = this.size + growth
    return trie
  }
}

/**
 * Matcher `iprefix`: the longest prefix, whatever the case. Routes whose paths differ in case only share a place; the first
 * of them in descending byte order gets the requests, the others wait for it to go.
 */
class FoldedIndex<R extends { readonly path: string }> implements PathIndex<R> {
  readonly #trie: PathTrie<readonly R[]>

  constructor(trie: PathTrie<readonly R[]>) {
    this.#trie = trie
  }

  get isEmpty(): boolean {
    return this.#trie.isEmpty
  }

  match(path: string): R | undefined {
    return this.#trie.match(lowerCase(path))?.[0]
  }

  get(path: string): R | undefined {
    return this.#trie.get(lowerCase(path))?.find(route => route.path === path)
  }

  set(path: string, route: R, owner: Owner): PathIndex<R> {
    const others = this.#others(path)
    const routes = others.length === 0 ? [route] : [...others, route].sort((a, b) => compareBytes(b.path, a.path))
    return this.#after(this.#trie.set(lowerCase(path), routes, owner))
  }

  delete(path: string, owner: Owner): PathIndex<R> {
    const key = lowerCase(path)
    const others = this.#others(path)
    return this.#after(others.length === 0 ? this.#trie.delete(key, owner) : this.#trie.set(key, others, owner))
  }

  *values(): Generator<R> {
    for (const routes of this.#trie.values()) yield* routes
  }

  #others(path: string): readonly R[] {
    return (this.#trie.get(lowerCase(path)) ?? []).filter(route => route.path !== path)
  }

  #after(trie: PathTrie<readonly R[]>): PathIndex<R> {
    return trie === this.#trie ? this : new FoldedIndex(trie)
  }
}

import type { Glob } from './glob.ts'
import { compareBytes } from './go-text.ts'
import type { TrieNode } from './path-trie.ts'
import { PathTrie } from './path-trie.ts'

/** A route by its path glob. Undefined: the path is no glob, and stands for itself. */
export interface GlobRoute {
  readonly path: string
  readonly glob: Glob | undefined
}

/** Routes by the text of their path globs. */
export class GlobTrie<R extends GlobRoute> extends PathTrie<R> {
  /**
   * The first route, in descending byte order of the patterns, whose pattern fits the whole path. Only those are tried whose
   * text up to the first special character the path starts with.
   */
  override match(path: string): R | undefined {
    let best: R | undefined
    let node = this.root
    let at = 0
    while (node !== undefined) {
      const special = node.label.search(/[*?[{\\]/)
      if (special >= 0) return path.startsWith(node.label.slice(0, special), at) ? better(node, path, best) : best
      if (!node.fits(path, at)) return best
      at += node.length
      if (at === path.length && node.value !== undefined) best = first(node.value, best)
      for (const unit of SPECIAL_UNITS) {
        const child = node.child(unit)
        if (child !== undefined) best = better(child, path, best)
      }
      const unit = path.charCodeAt(at)
      if (at === path.length || SPECIAL_UNITS.includes(unit)) return best
      node = node.child(unit)
    }
    return best
  }

  protected override withRoot(root: TrieNode<R> | undefined): GlobTrie<R> {
    return new GlobTrie(root)
  }
}

/** Of the routes at and below a node, the first that fits, if it comes before `best`; else `best`. */
function better<R extends GlobRoute>(node: TrieNode<R>, path: string, best: R | undefined): R | undefined {
  for (const route of node.children.length === 0 && node.value !== undefined ? [node.value] : node.values()) {
    if (first(route, best) === best) return best
    if (route.glob === undefined ? route.path === path : route.glob.matches(path)) return route
  }
  return best
}

function first<R extends GlobRoute>(route: R, best: R | undefined): R {
  return best === undefined || compareBytes(route.path, best.path) > 0 ? route : best
}

const SPECIAL_UNITS = ['*', '?', '[', '{', '\\'].map(character => character.charCodeAt(0))

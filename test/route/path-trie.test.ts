import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FlatTrie } from '../../src/route/flat-trie.ts'
import { compareBytes } from '../../src/route/go-text.ts'
import type { TrieNode } from '../../src/route/path-trie.ts'
import { PathTrie } from '../../src/route/path-trie.ts'
import { fuzzRuns } from './fuzz-runs.ts'

// Few different ones, so that much of what is deleted is there.
const keys = fc
  .array(fc.constantFrom('a', 'b', 'ab', 'A', '/', '\x1f', '\x7f', '\x80', '\uff41', '\u{1f600}'), { maxLength: 4 })
  .map(parts => parts.join(''))
  .filter(key => key.length < 5)

test('the longest text in the trie that a path starts with is its match', () => {
  const owner = {}
  let trie = new PathTrie<string>()
  for (const key of ['/', '/foo', '/foo/bar', '/food']) trie = trie.set(key, key, owner)
  for (const { path, expected } of [
    { path: '/foobar', expected: '/foo' },
    { path: '/food', expected: '/food' },
    { path: '/foo/bar/x', expected: '/foo/bar' },
    { path: '/fo', expected: '/' },
    { path: '/FOO', expected: '/' },
    { path: 'foo', expected: undefined },
  ]) {
    assert.equal(trie.match(path), expected)
  }
})

test('the trie holds what a map holds, in descending byte order, whatever was set and deleted', () => {
  const steps = fc.array(fc.tuple(keys, fc.boolean(), fc.boolean()), { maxLength: 60 })
  fc.assert(
    fc.property(steps, keys, (edits, asked) => {
      const map = new Map<string, string>()
      const versions: { trie: PathTrie<string>; content: readonly string[] }[] = []
      let owner = {}
      let trie = new PathTrie<string>()
      for (const [key, isDelete, isNewOwner] of edits) {
        if (isNewOwner) {
          versions.push({ trie, content: [...trie.values()] })
          owner = {}
        }
        trie = isDelete ? trie.delete(key, owner) : trie.set(key, key, owner)
        if (isDelete) map.delete(key)
        else map.set(key, key)
      }
      const expected = [...map.keys()].sort((a, b) => compareBytes(b, a))
      assert.deepEqual([...trie.values()], expected)
      assert.equal(trie.isEmpty, map.size === 0)
      assert.equal(trie.get(asked), map.get(asked))
      assert.equal(
        trie.match(asked),
        expected.find(key => asked.startsWith(key)),
      )
      let built = new PathTrie<string>()
      for (const key of map.keys()) built = built.set(key, key, {})
      assert.deepEqual(shapeOf(trie.root), shapeOf(built.root), 'no node is left that is not needed')
      for (const version of versions) assert.deepEqual([...version.trie.values()], version.content)
    }),
    fuzzRuns(1000),
  )
})

test('texts that are prefixes of each other a thousand deep are no trouble', () => {
  const owner = {}
  let trie = new PathTrie<number>()
  for (let length = 1; length <= 5000; length++) trie = trie.set('a'.repeat(length), length, owner)
  assert.equal(trie.match('a'.repeat(6000)), 5000)
  assert.equal([...trie.values()].length, 5000)
  for (let length = 5000; length > 0; length -= 2) trie = trie.delete('a'.repeat(length), owner)
  assert.equal(trie.match('a'.repeat(6000)), 4999)
})

function shapeOf(node: TrieNode<string> | undefined): unknown {
  return node && [node.label, node.value, node.children.map(shapeOf)]
}

test('the trie in one array holds what a map holds, in descending byte order, in all of its versions', () => {
  const steps = fc.array(fc.tuple(keys, fc.boolean(), fc.boolean()), { maxLength: 60 })
  fc.assert(
    fc.property(steps, keys, (edits, asked) => {
      const map = new Map<string, { path: string }>()
      const versions: { trie: FlatTrie<{ path: string }>; content: readonly { path: string }[] }[] = []
      let owner = {}
      let trie = FlatTrie.of<{ path: string }>([], owner)
      for (const [path, isDelete, isNewOwner] of edits) {
        if (isNewOwner) {
          versions.push({ trie, content: [...trie.values()] })
          owner = {}
        }
        const route = { path }
        trie = isDelete ? trie.delete(path, owner) : trie.set(path, route, owner)
        if (isDelete) map.delete(path)
        else map.set(path, route)
      }
      const expected = [...map.values()].sort((a, b) => compareBytes(b.path, a.path))
      assert.deepEqual([...trie.values()], expected)
      assert.equal(trie.isEmpty, map.size === 0)
      assert.equal(trie.get(asked), map.get(asked))
      assert.equal(
        trie.match(asked),
        expected.find(({ path }) => asked.startsWith(path)),
      )
      for (const version of versions) assert.deepEqual([...version.trie.values()], version.content)
    }),
    fuzzRuns(1000),
  )
})

test('what edits leave behind in the array goes, and versions that somebody holds stay', () => {
  const paths = Array.from({ length: 500 }, (_, n) => `/service-${n}/`)
  let trie = FlatTrie.of(
    paths.map(path => ({ path, edit: 0 })),
    {},
  )
  const first = trie
  for (let edit = 1; edit <= 2000; edit++) trie = trie.set(`/service-${edit % 500}/`, { path: '', edit }, {})
  for (const [n, path] of paths.entries()) {
    assert.equal(first.match(`${path}x`)?.edit, 0)
    assert.equal(trie.match(`${path}x`)?.edit, n === 0 ? 2000 : 1500 + n)
  }
  for (const path of paths) trie = trie.delete(path, {})
  assert.ok(trie.isEmpty)
  assert.equal(trie.match('/service-7/'), undefined)
  assert.equal([...first.values()].length, 500)
})

test('texts in one array that are prefixes of each other a thousand deep are no trouble', () => {
  const owner = {}
  let trie = FlatTrie.of<{ path: string }>([], owner)
  for (let length = 1; length <= 1000; length++)
    trie = trie.set('a'.repeat(length), { path: 'a'.repeat(length) }, owner)
  assert.equal(trie.match('a'.repeat(2000))?.path.length, 1000)
  assert.equal([...trie.values()].length, 1000)
  for (let length = 1000; length > 0; length -= 2) trie = trie.delete('a'.repeat(length), owner)
  assert.equal(trie.match('a'.repeat(2000))?.path.length, 999)
})

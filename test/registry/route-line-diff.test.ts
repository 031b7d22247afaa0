import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { diffLines } from '../../src/registry/route-line-diff.ts'
import { fuzzRuns } from '../route/fuzz-runs.ts'

const EXAMPLES: readonly { before: string; after: string; keptFrom: number[] }[] = [
  { before: 'abc', after: 'abc', keptFrom: [0, 1, 2] },
  { before: 'abc', after: 'axc', keptFrom: [0, -1, 2] },
  { before: 'abc', after: 'abxc', keptFrom: [0, 1, -1, 2] },
  { before: 'abc', after: 'ac', keptFrom: [0, 2] },
  { before: '', after: 'a', keptFrom: [-1] },
  { before: 'a', after: '', keptFrom: [] },
  { before: 'abcd', after: 'dabc', keptFrom: [-1, 0, 1, 2] },
  { before: 'aa', after: 'aaa', keptFrom: [0, 1, -1] },
  { before: 'axbyc', after: 'bxayc', keptFrom: [-1, -1, 0, 3, 4] },
]

for (const { before, after, keptFrom } of EXAMPLES) {
  test(`of '${before}' stays in '${after}' what comes from ${keptFrom}`, () => {
    const found = diffLines([...before], [...after]).keptFrom
    // Which of several ways to keep the most does not matter, but how many.
    assert.equal(found.filter(from => from >= 0).length, keptFrom.filter(from => from >= 0).length)
    if (before !== 'axbyc') assert.deepEqual([...found], keptFrom)
  })
}

test('lines that stay are equal, each is kept once, and their order is the old one', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 })
  fc.assert(
    fc.property(lines, lines, (before, after) => {
      const { keptFrom } = diffLines(before, after)
      const kept = [...keptFrom].filter(from => from >= 0)
      assert.deepEqual(
        kept,
        kept.toSorted((a, b) => a - b),
      )
      assert.equal(new Set(kept).size, kept.length)
      for (const [at, from] of keptFrom.entries()) if (from >= 0) assert.equal(before[from], after[at])
    }),
    fuzzRuns(2000),
  )
})

test('a text whose lines are all different keeps as many as any way could', () => {
  const orders = fc.shuffledSubarray([...'abcdefgh'], { minLength: 0, maxLength: 8 })
  fc.assert(
    fc.property(orders, orders, (before, after) => {
      const kept = diffLines(before, after).keptFrom.filter(from => from >= 0).length
      assert.equal(kept, longestCommon(before, after))
    }),
    fuzzRuns(500),
  )
})

function longestCommon(a: readonly string[], b: readonly string[]): number {
  const [first, ...rest] = a
  if (first === undefined) return 0
  const place = b.indexOf(first)
  const without = longestCommon(rest, b)
  return place < 0 ? without : Math.max(without, 1 + longestCommon(rest, b.slice(place + 1)))
}

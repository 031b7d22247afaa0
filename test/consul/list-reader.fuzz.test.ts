import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ListReader } from '../../src/consul/list-reader.ts'
import { fuzzRuns } from '../route/fuzz-runs.ts'

interface Entry {
  readonly Node: string
  readonly Output: string
  readonly Inner?: unknown
}

const decode = (json: unknown): Entry[] => {
  if (!Array.isArray(json)) throw new Error('not a list')
  return json
}

/** Strings that look like the boundary between two entries, and entries that hold entries. */
const output = fc.oneof(
  fc.string(),
  fc.constantFrom('},{"Node":"x"', '"},{"Node":"', '}]', '[{', '\\"},{\\"Node\\":', 'é∞'),
)
const entry: fc.Arbitrary<Entry> = fc.record(
  {
    Node: fc.constantFrom('a', 'b', 'c'),
    Output: output,
    Inner: fc.oneof({ weight: 8, arbitrary: fc.constant(1) }, fc.constant([{ Node: 'x' }, { Node: 'y' }])),
  },
  { requiredKeys: ['Node', 'Output'] },
)

type Edit = { readonly at: number; readonly remove: number; readonly insert: readonly Entry[] }
const edits: fc.Arbitrary<Edit[]> = fc.array(
  fc.record({ at: fc.nat(40), remove: fc.nat(3), insert: fc.array(entry, { maxLength: 3 }) }),
  { maxLength: 3 },
)
const tails = fc.constantFrom('', '\n', ' \n')

test('the changes that are read add up to the list, however it changes', () => {
  fc.assert(
    fc.property(
      fc.array(entry, { maxLength: 30 }),
      fc.array(fc.tuple(edits, tails), { maxLength: 8 }),
      (first, steps) => {
        const reader = new ListReader('Node', decode)
        let list = first
        const known = new Set<Entry>()
        const read = (tail: string) => {
          // In the memory that the reader lends, as an answer arrives.
          const bytes = Buffer.from(JSON.stringify(list) + tail)
          const space = reader.takeSpace()
          bytes.copy(space)
          const { removed, added } = reader.read(space.subarray(0, bytes.length))
          for (const gone of removed) assert.ok(known.delete(gone), 'what goes was there')
          for (const come of added) known.add(come)
          const inOrder = (entries: Iterable<Entry>) => [...entries].map(one => JSON.stringify(one)).sort()
          assert.deepEqual(inOrder(known), inOrder(list))
          return { removed, added }
        }
        read('')
        for (const [step, tail] of steps) {
          for (const { at, remove, insert } of step) list = list.toSpliced(Math.min(at, list.length), remove, ...insert)
          read(tail)
        }
      },
    ),
    fuzzRuns(500),
  )
})

test('an entry that changes or moves is the only one that is read', () => {
  fc.assert(
    fc.property(fc.nat(999), fc.nat(999), fc.string(), (from, to, text) => {
      const reader = new ListReader('Node', decode)
      const list = Array.from({ length: 1000 }, (_, i): Entry => ({ Node: `n${i}`, Output: 'ok' }))
      reader.read(Buffer.from(JSON.stringify(list)))
      const moved = list.toSpliced(from, 1).toSpliced(to, 0, { Node: `n${from}`, Output: text })
      const { removed, added } = reader.read(Buffer.from(JSON.stringify(moved)))
      assert.ok(removed.length <= 1 && added.length <= 1, `${removed.length} removed, ${added.length} added`)
    }),
    fuzzRuns(50),
  )
})

test('what is no list of entries is refused, and forgotten', () => {
  const reader = new ListReader('Node', decode)
  const list = Buffer.from('[{"Node":"a"},{"Node":"b"}]')
  reader.read(list)
  for (const bad of [
    '',
    '[',
    '[{"Node":"a"},{"Node":"b"',
    '[{"Node":"a"},{"Node":}]',
    '<html>',
    '[{"Node":"a"},{"Node":"b"}',
  ])
    assert.throws(() => reader.read(Buffer.from(bad)), { name: 'ConsulError', kind: 'garbage' })
  assert.deepEqual(reader.read(list), { removed: [], added: [] }, 'as if nothing had come between')
  assert.equal(reader.read(Buffer.from('[]')).removed.length, 2)
  assert.equal(reader.read(Buffer.from('[ {"Node" : "a"} ]')).added.length, 1)
})

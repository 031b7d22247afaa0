import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RouteFeed } from '../../src/registry/route-feed.ts'
import type { TargetSpec } from '../../src/route/command.ts'
import { fuzzRuns } from '../route/fuzz-runs.ts'

const line = fc.constantFrom(
  'route add web / http://a:1/',
  'route add web / http://a:1/ opts "strip=/x"',
  'route add web /a http://a:1/ weight 0.5 tags "x"',
  'route add api / http://b:1/',
  'route add api h.test/ http://b:1/ tags "x,y"',
  'route del web',
  'route del api /',
  'route del tags "x"',
  'route weight web / weight 0.3',
  'route weight web /nowhere weight 0.3',
  'nonsense',
  '',
)
const text = fc.array(line, { maxLength: 6 }).map(lines => lines.join('\n'))

test('a preview says what a commit then does, and leaves no trace', () => {
  fc.assert(
    fc.property(text, text, text, text, (services, first, second, next) => {
      const feed = new RouteFeed({ now: () => 1 })
      const table = new Map<string, readonly TargetSpec[]>()
      const commit = (): void => {
        for (const { host, path, targets } of feed.commit()?.routes ?? []) table.set(`${host} ${path}`, targets)
      }
      feed.setText('0', services)
      feed.setText('a', first)
      feed.setText('b', second)
      commit()
      const document = feed.document()
      const problems = feed.problems()
      const preview = feed.preview('a', next)
      assert.equal(feed.commit(), undefined, 'nothing has changed')
      assert.equal(feed.document(), document)
      assert.deepEqual(feed.problems(), problems)

      const before = new Map(table)
      feed.setText('a', next)
      commit()
      const changed = [...table].filter(([key, targets]) => before.get(key) !== targets)
      assert.deepEqual(
        new Map(preview.map(({ host, path, before: was, after }) => [`${host} ${path}`, [was, after]])),
        new Map(changed.map(([key, targets]) => [key, [before.get(key) ?? [], targets]])),
      )
    }),
    fuzzRuns(1000),
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diffRoute } from '../../src/route/table-diff.ts'
import { spec } from './route-samples.ts'

const ROUTE = { host: 'h.test', path: '/' }
const OLD = spec({ service: 'old', dst: 'http://old/' })
const NEW = spec({ service: 'new', dst: 'http://new/' })

for (const { name, before, after, change, moved, targets } of [
  { name: 'a new route', before: [], after: [NEW], change: 'added', moved: 0, targets: ['added'] },
  { name: 'a route that goes', before: [OLD], after: [], change: 'removed', moved: 1, targets: ['removed'] },
  {
    name: 'a target beside another',
    before: [OLD],
    after: [OLD, NEW],
    change: 'changed',
    moved: 0.5,
    targets: ['reweighted', 'added'],
  },
  {
    name: 'a tenth for the new one',
    before: [OLD, NEW],
    after: [OLD, { ...NEW, fixedWeight: 0.1 }],
    change: 'changed',
    moved: 0.4,
    targets: ['reweighted', 'reweighted'],
  },
  {
    name: 'other options',
    before: [OLD, NEW],
    after: [OLD, { ...NEW, options: [['strip', '/x']] as const }],
    change: 'changed',
    moved: 0,
    targets: ['same', 'options'],
  },
]) {
  test(`${name}: ${moved} of its requests move`, () => {
    const diff = diffRoute({ ...ROUTE, before, after })
    assert.equal(diff.change, change)
    assert.ok(Math.abs(diff.moved - moved) < 1e-9, `${diff.moved}`)
    assert.deepEqual(
      diff.targets.map(target => target.change),
      targets,
    )
  })
}

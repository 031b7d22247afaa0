import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { HistoryFile } from '../../src/history/history-file.ts'
import { type RecordedChange, RouteHistory } from '../../src/history/route-history.ts'
import type { TargetSpec } from '../../src/route/command.ts'
import { RecordedLog } from '../registry/recorded-log.ts'
import { spec } from '../route/route-samples.ts'

function change(
  time: number,
  path: string,
  before: readonly TargetSpec[],
  after: readonly TargetSpec[],
): RecordedChange {
  return { version: time, time, causes: [], count: 1, routes: [{ host: '', path, before, after }] }
}

const A = [spec({ service: 'a' })]
const B = [spec({ service: 'b' })]

test('the state of a route at a time is what it was before the first change after it', () => {
  const history = new RouteHistory()
  history.record(change(10, '/x', [], A))
  history.record(change(20, '/x', A, B))
  history.record(change(30, '/x', B, []))
  const at = (time: number) => history.since(time)?.get('\n/x')?.before
  assert.equal(history.since(9), undefined)
  assert.deepEqual([at(10), at(15), at(20), at(29)], [A, A, B, B])
  assert.equal(history.since(30)?.size, 0)
  assert.deepEqual(
    history.list(2).map(({ time }) => time),
    [30, 20],
  )
})

test('a thousand changes are kept, and no time before them is answered for', () => {
  const history = new RouteHistory()
  for (let time = 1; time <= 1500; time++) history.record(change(time, '/x', A, B))
  assert.equal(history.list().length, 1000)
  assert.equal(history.list().at(-1)?.time, 501)
  assert.equal(history.since(499), undefined)
  assert.equal(history.since(500)?.size, 1)
})

test('a change of very many routes is kept as a number', () => {
  const history = new RouteHistory()
  const routes = Array.from({ length: 30_000 }, (_, i) => ({ host: '', path: `/${i}`, before: [], after: A }))
  history.record({ version: 1, time: 10, causes: [], count: routes.length, routes })
  history.record(change(20, '/x', A, B))
  assert.deepEqual(
    history.list().map(({ count, routes: kept }) => [count, kept.length]),
    [
      [1, 1],
      [30_000, 0],
    ],
  )
  assert.equal(history.since(9), undefined)
  assert.equal(history.since(10)?.size, 1)
})

test('what an earlier process did is listed, but its tables are not known', () => {
  const history = new RouteHistory()
  history.restore([change(10, '/x', A, B)])
  assert.equal(history.list().length, 1)
  assert.equal(history.since(10), undefined)
  history.record(change(20, '/y', [], A))
  assert.equal(history.since(15), undefined)
  assert.equal(history.since(20)?.size, 0)
})

test('the history on disk survives lines that are not whole, and does not grow for ever', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'fabio-history-'))
  try {
    const path = join(directory, 'routes.history')
    const log = new RecordedLog()
    const file = new HistoryFile(path, log)
    assert.deepEqual(await file.load(), [])
    for (let time = 1; time <= 2100; time++) file.append(change(time, '/x', A, B))
    await file.settled()
    assert.ok((await readFile(path, 'utf8')).trimEnd().split('\n').length < 1200)
    await writeFile(path, `${await readFile(path, 'utf8')}{"format":1,"ver`)
    const next = new HistoryFile(path, log)
    assert.deepEqual((await next.load()).at(-1), change(2100, '/x', A, B))
    next.append(change(2101, '/x', B, A))
    await next.settled()
    const loaded = await new HistoryFile(path, log).load()
    assert.deepEqual(loaded.slice(-2), [change(2100, '/x', A, B), change(2101, '/x', B, A)])
    assert.deepEqual(log.lines, [])
  } finally {
    await rm(directory, { recursive: true })
  }
})

test('a place that cannot be written to is complained of once', async () => {
  const log = new RecordedLog()
  const file = new HistoryFile('/nowhere/routes.history', log)
  for (let time = 1; time <= 3; time++) file.append(change(time, '/x', A, B))
  await file.settled()
  assert.equal(log.lines.length, 1)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describePreview, type OverridePreview } from '../../src/admin/override-preview.ts'
import type { Series } from '../../src/metrics/series.ts'
import { RouteFeed } from '../../src/registry/route-feed.ts'
import { RequestCounts } from '../../src/request-counts.ts'
import { checkRouteText } from '../../src/route/check-command.ts'
import { diffRoute } from '../../src/route/table-diff.ts'
import { startTestAdmin } from './start-test-admin.ts'

const CONTEXT = { matcher: 'prefix', globHosts: true } as const

function start(counted?: Parameters<typeof describePreview>[2]) {
  const feed = new RouteFeed(CONTEXT)
  feed.setText('0', 'route add web / http://a:1/\nroute add web / http://b:1/')
  feed.commit()
  const checkCommands = (text: string) => checkRouteText(text, CONTEXT)
  return startTestAdmin({
    checkCommands,
    previewOverride: (source, text) =>
      describePreview(checkCommands(text), feed.preview(source, text).map(diffRoute), counted),
  })
}

type Answer = OverridePreview & { readonly version: string }

test('a dry run tells what would change, how much of the traffic that is, and stores nothing', async () => {
  await using admin = await start({ seconds: 300, total: 1000, of: ({ path }) => (path === '/' ? 800 : 0) })
  const text = 'route del web / http://b:1/\nroute add api /api http://c:1/'
  const body = JSON.stringify({ value: text, version: '40' })
  const put: Answer = JSON.parse((await admin.send('PUT', '/api/manual/x?dryrun', { body })).body)
  assert.equal(put.version, '40')
  assert.deepEqual(put.rejections, [])
  assert.deepEqual(put.totals, { routes: 2, added: 1, removed: 1, reweighted: 1 })
  assert.deepEqual(put.requests, { seconds: 300, total: 1000, moved: 400 })
  assert.deepEqual(
    put.routes.map(({ path, change, moved, requests }) => [path, change, moved, requests]),
    [
      ['/', 'changed', 0.5, 800],
      ['/api', 'added', 0, 0],
    ],
  )
  const get: Answer = JSON.parse((await admin.get(`/api/manual/x?dryrun&value=${encodeURIComponent(text)}`)).body)
  assert.deepEqual(get, put)
  assert.deepEqual(JSON.parse((await admin.get('/api/manual/x?dryrun')).body).totals.routes, 0)
  assert.equal((await admin.get('/api/manual/x')).body, '{"value":"","version":"40"}')
})

test('without counters the share of the traffic is not made up', async () => {
  await using admin = await start()
  const preview: Answer = JSON.parse((await admin.get('/api/manual?dryrun&value=route%20del%20web')).body)
  assert.equal(preview.requests, undefined)
  assert.equal(preview.totals.removed, 2)
})

test('what is no command is refused with line and column, and a stale version as before', async () => {
  await using admin = await start()
  const put = (value: string, version: string) =>
    admin.send('PUT', '/api/manual', { body: JSON.stringify({ value, version }) })
  const refused = await put('# fine\nroute add web / nowhere://[x', '0')
  assert.equal(refused.status, 400)
  assert.match(refused.body, /^nothing was stored.*\nline 2, column 17: route: invalid target\./)
  assert.equal((await put('route del web', '0')).status, 200)
  assert.equal((await put('route del api', '7')).status, 409)
  const dry: Answer = JSON.parse((await admin.get('/api/manual?dryrun&value=rout')).body)
  assert.equal(dry.rejections[0]?.line, 1)
})

test('requests are counted a route over the last minutes', () => {
  const series = (host: string, target: string, count: number): Series => {
    const labels = [
      ['service', 's'],
      ['host', host],
      ['path', '/'],
      ['target', target],
    ] as const
    return { kind: 'histogram', name: 'route', labels, sum: 0, count, buckets: [], used: true }
  }
  let all: Series[] = [series('a', '1', 10)]
  let now = 0
  using counts = new RequestCounts({ series: () => all.values() as IterableIterator<Series> }, () => now)
  all = [series('a', '1', 15), series('a', '2', 5), series('b', '1', 2)]
  now = 60_000
  const recent = counts.recent()
  assert.deepEqual([recent.seconds, recent.total], [60, 12])
  assert.deepEqual([recent.of({ host: 'a', path: '/' }), recent.of({ host: 'b', path: '/' })], [10, 2])
  for (let i = 0; i < 10; i++) counts.sample()
  assert.equal(counts.recent().total, 0)
})

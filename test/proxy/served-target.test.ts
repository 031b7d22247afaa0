import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { WorkerMetrics } from '../../src/metrics/worker-metrics.ts'
import { ServedTarget } from '../../src/proxy/served-target.ts'
import { RouteTable } from '../../src/route/table.ts'
import { Deadlines } from '../../src/socket/deadlines.ts'
import { Upstreams } from '../../src/upstream/upstreams.ts'

const deadlines = new Deadlines()
const upstreams = new Upstreams(
  deadlines,
  { dialTimeoutMs: 0, keepAliveTimeoutMs: 0, grpcShutdownTimeoutMs: 0 },
  { maxHeadBytes: 1, maxHeaders: 1, responseHeaderTimeoutMs: 0, maxIdle: 0, idleTimeoutMs: 0, maxConnections: 0 },
)
after(() => {
  upstreams[Symbol.dispose]()
  deadlines[Symbol.dispose]()
})

test('what a target counts is announced with its first request, and ends when it leaves', () => {
  const { metrics, serve } = table()
  const target = serve(0)
  assert.equal(metrics.drain(), undefined)
  count(target)
  assert.deepEqual(
    metrics.drain()?.series.map(({ name }) => name),
    ['requests', 'route', 'http.status'],
  )
  serve(undefined)
  assert.equal(metrics.drain()?.ended.length, 1, 'the histogram of the target; nothing was heard of its counters')
})

test('a target that takes the place of one with the same labels goes on being counted', () => {
  const { metrics, serve, edit } = table()
  count(serve(0))
  metrics.drain()
  // The new one is asked before the old one is let go of.
  const { target, losses } = edit(0.5)
  count(target)
  while (losses.next().done !== true);
  metrics.drain()
  count(target)
  assert.equal(metrics.drain()?.histograms.length, 3 * 4, 'rows for service, target and status')
})

test('a request that outlives its target counts into the void', () => {
  const { metrics, serve } = table()
  const target = serve(0)
  serve(undefined)
  target.timer.observe(1)
  target.sent.add(1)
  assert.equal(metrics.drain(), undefined)
})

function count(target: ServedTarget): void {
  const { counts } = target
  counts.requests.observe(1)
  counts.timer.observe(1)
  counts.status(200).observe(1)
}

function table() {
  const metrics = new WorkerMetrics({ buckets: [], samples: false })
  const routes = new RouteTable<ServedTarget>({
    matcher: 'prefix',
    globHosts: true,
    makeTarget: (spec, route) => new ServedTarget(spec, route, upstreams, metrics),
    dropTarget: target => target.leave(),
  })
  let served: ServedTarget | undefined
  const edit = (fixedWeight: number | undefined) => {
    const next = routes.edit()
    const spec = { service: 'svc', dst: 'http://127.0.0.1:1/', tags: [], options: [] }
    const targets = fixedWeight === undefined ? [] : [{ ...spec, fixedWeight }]
    next.apply({ host: 'h', path: '/', targets })
    const losses = next.publish()
    served = routes.lookup('h', '/', false)?.only ?? served
    assert.ok(served !== undefined)
    return { target: served, losses }
  }
  const serve = (fixedWeight: number | undefined): ServedTarget => {
    const { target, losses } = edit(fixedWeight)
    while (losses.next().done !== true);
    return target
  }
  return { metrics, edit, serve }
}

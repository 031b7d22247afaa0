import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { type RunningMetrics, startMetrics } from '../../src/metrics/start-metrics.ts'
import { WorkerMetrics } from '../../src/metrics/worker-metrics.ts'
import { fixtureLines } from './fixture.ts'
import { metricsOptions } from './metrics-options.ts'
import { createRecordedLog } from './recorded-log.ts'
import { playScenario } from './scenario.ts'

const HAS_PROMTOOL = spawnSync('promtool', ['--version']).error === undefined

async function start(
  changed: Parameters<typeof metricsOptions>[0] = {},
  refresh: () => Promise<void> = async () => {},
): Promise<RunningMetrics> {
  return startMetrics(metricsOptions({ targets: ['prometheus'], ...changed }), {
    log: createRecordedLog().log,
    print: assert.fail,
    refresh,
  })
}

async function scrape(metrics: RunningMetrics): Promise<string> {
  return (await metrics.renderPrometheus('')).body.toString()
}

/** Go writes 5.6534e-05 where JavaScript writes 0.000056534. */
const normalizeNumber = (line: string): string =>
  line.replace(/ (\S+)$/, (_, number: string) => ` ${line.startsWith('#') ? number : Number(number)}`)

const isHelp = (line: string): boolean => line.startsWith('# HELP')

test('a scrape shows what Fabio shows', async () => {
  await using metrics = await start()
  const worker = new WorkerMetrics(metrics.workerOptions ?? assert.fail())
  playScenario(worker)
  metrics.hub.merge(0, worker.drain() ?? assert.fail())
  const isOurs = (line: string) => line.includes('web1_fabio') && !isHelp(line)
  const lines = (await scrape(metrics)).split('\n').filter(isOurs).map(normalizeNumber)
  assert.deepEqual(lines.toSorted(), fixtureLines('prometheus.txt').filter(isOurs).map(normalizeNumber).toSorted())
})

test('families stand in the order of their names, each with help and type', async () => {
  await using metrics = await start()
  playScenario(metrics.hub)
  const text = await scrape(metrics)
  const families = [...text.matchAll(/^# HELP (web1_fabio_\S+) .+\n# TYPE \1 (counter|gauge|histogram)\n\1/gm)].map(
    match => match[1],
  )
  assert.deepEqual(
    families,
    fixtureLines('prometheus.txt')
      .filter(isHelp)
      .map(line => line.split(' ')[2]),
  )
})

test('promtool has nothing against it that it does not have against Fabio', { skip: !HAS_PROMTOOL }, async () => {
  await using metrics = await start()
  playScenario(metrics.hub)
  metrics.hub.gauge('fabio.targets').set(3)
  metrics.hub
    .counter('route.rx', [
      ['service', 'a"b\\c\nd'],
      ['host', ''],
      ['path', 'é\u2028'],
      ['target', ''],
    ])
    .add(1)
  const { stderr, error } = spawnSync('promtool', ['check', 'metrics'], {
    input: await scrape(metrics),
    encoding: 'utf8',
  })
  assert.equal(error, undefined)
  // Names that Fabio and the client library chose: promtool wants other endings.
  const chosen =
    /^nodejs_|counter metrics should have "_total" suffix|^web1_fabio_http_redirect_count .* "_count" suffix/
  const complaints = stderr.split('\n').filter(line => line !== '' && !chosen.test(line))
  assert.deepEqual(complaints, [])
})

test('a scrape shows the process under the names of Go', async () => {
  await using metrics = await start()
  const text = await scrape(metrics)
  for (const name of [
    'process_cpu_seconds_total',
    'process_max_fds',
    'process_network_receive_bytes_total',
    'process_network_transmit_bytes_total',
    'process_open_fds',
    'process_resident_memory_bytes',
    'process_start_time_seconds',
    'process_virtual_memory_bytes',
    'process_virtual_memory_max_bytes',
  ]) {
    assert.match(text, new RegExp(`^# TYPE ${name} (counter|gauge)\\n${name} [0-9.e+]+$`, 'm'))
  }
})

test('without the target a scrape shows the process only', async () => {
  await using metrics = await start({ targets: [] })
  metrics.hub.counter('notfound').add(1)
  const text = await scrape(metrics)
  assert.match(text, /^process_open_fds /m)
  assert.doesNotMatch(text, /notfound/)
})

test('workers are asked before the answer', async () => {
  await using metrics = await start({}, async () => metrics.hub.counter('notfound').add(1))
  assert.match(await scrape(metrics), /^web1_fabio_notfound 1$/m)
  assert.match(await scrape(metrics), /^web1_fabio_notfound 2$/m)
})

test('a worker that does not answer does not hold up a scrape', async () => {
  await using metrics = await start({}, () => new Promise(() => {}))
  metrics.hub.counter('notfound').add(1)
  assert.match(await scrape(metrics), /^web1_fabio_notfound 1$/m)
})

for (const { accept, encoding } of [
  { accept: 'gzip', encoding: 'gzip' },
  { accept: 'deflate, GZIP;q=0.5', encoding: 'gzip' },
  { accept: 'gzip;q=0', encoding: undefined },
  { accept: 'identity', encoding: undefined },
  { accept: '', encoding: undefined },
]) {
  test(`accept-encoding '${accept}' is answered with ${encoding ?? 'plain text'}`, async () => {
    await using metrics = await start()
    metrics.hub.counter('notfound').add(1)
    const answer = await metrics.renderPrometheus(accept)
    assert.equal(answer.contentType, 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores')
    assert.equal(answer.contentEncoding, encoding)
    const text = encoding === undefined ? answer.body.toString() : gunzipSync(answer.body).toString()
    assert.match(text, /^web1_fabio_notfound 1$/m)
  })
}

for (const { prefix, subsystem, expected } of [
  { prefix: 'web-1.fabio', subsystem: '', expected: 'web_1_fabio_notfound' },
  { prefix: '', subsystem: '', expected: '__notfound' },
  { prefix: 'Fabio', subsystem: 'Edge.eu', expected: 'fabio_edge_eu_notfound' },
  { prefix: '9x', subsystem: '', expected: '_x_notfound' },
]) {
  test(`prefix '${prefix}' and subsystem '${subsystem}' make ${expected}`, async () => {
    await using metrics = await start({ prefix, prometheus: { subsystem, buckets: [1] } })
    metrics.hub.counter('notfound').add(1)
    assert.match(await scrape(metrics), new RegExp(`^${expected} 1$`, 'm'))
  })
}

test('metrics of ours have the same name everywhere', async () => {
  await using metrics = await start({ prefix: 'web1.fabio', prometheus: { subsystem: 'x', buckets: [1] } })
  metrics.hub
    .gauge('fabio.upstream_connections', [
      ['thread', '0'],
      ['state', 'idle'],
    ])
    .set(2)
  assert.match(await scrape(metrics), /^fabio_upstream_connections\{state="idle",thread="0"\} 2$/m)
})

test('what was never used is not shown', async () => {
  await using metrics = await start()
  metrics.hub.counter('tcp.conn')
  metrics.hub.histogram('grpc.requests')
  assert.doesNotMatch(await scrape(metrics), /web1_fabio/)
})

test('the series of a forgotten target are gone from the next scrape', async () => {
  await using metrics = await start()
  const labels = [
    ['service', 'a'],
    ['target', 'b'],
  ] as const
  metrics.hub.histogram('route', labels).observe(1)
  assert.match(await scrape(metrics), /web1_fabio_route_count/)
  metrics.hub.forget(labels)
  assert.doesNotMatch(await scrape(metrics), /web1_fabio_route/)
})

test('a big table is answered without holding the event loop', async () => {
  await using metrics = await start()
  for (let n = 0; n < 5000; n++) metrics.hub.histogram('route', [['service', `s${n}`]]).observe(0.01)
  let turns = 0
  const immediate = () => {
    turns++
    timer = setImmediate(immediate)
  }
  let timer = setImmediate(immediate)
  const text = await scrape(metrics)
  clearImmediate(timer)
  assert.equal(text.match(/^web1_fabio_route_count/gm)?.length, 5000)
  assert.ok(turns >= 5, `${turns} turns`)
})

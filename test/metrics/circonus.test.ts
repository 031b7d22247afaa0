import assert from 'node:assert/strict'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { CirconusOptions } from '../../src/metrics/circonus.ts'
import { type RunningMetrics, startMetrics } from '../../src/metrics/start-metrics.ts'
import { WorkerMetrics } from '../../src/metrics/worker-metrics.ts'
import { type CirconusRequest, circonusFixture, startFakeCirconus } from './fake-circonus.ts'
import { agreedName, fixtureLines } from './fixture.ts'
import { metricsOptions } from './metrics-options.ts'
import { createRecordedLog, type RecordedLog } from './recorded-log.ts'
import { playScenario } from './scenario.ts'

function start(
  circonus: Partial<CirconusOptions>,
  log: RecordedLog['log'] = createRecordedLog().log,
  intervalMs = 3_600_000,
): Promise<RunningMetrics> {
  const options = metricsOptions({ targets: ['circonus'], intervalMs })
  return startMetrics(
    { ...options, circonus: { ...options.circonus, ...circonus } },
    { log, print: assert.fail, refresh: async () => {} },
  )
}

/** The names of Fabio's document as agreed: no rest of the prefix behind those of targets. */
function agreedDocument(): Record<string, unknown> {
  const document: Record<string, unknown> = JSON.parse(fixtureLines('circonus.json').join(''))
  const agreed = ([name, value]: [string, unknown]): [string, unknown] => {
    const [prefix = '', rest = ''] = name.split('`')
    return [`${prefix}\`${agreedName(rest)}`, value]
  }
  return Object.fromEntries(
    Object.entries(document).map(([name, value]) => agreed([name.replace(/\.fabio`route$/, ''), value])),
  )
}

test('a document has what Fabio sends, but for the agreed differences', async () => {
  await using circonus = await startFakeCirconus(() => ({ body: { stats: 1 } }))
  const metrics = await start({ submissionUrl: `${circonus.url}/module/httptrap/uuid/secret` })
  const worker = new WorkerMetrics(metrics.workerOptions ?? assert.fail())
  playScenario(worker)
  metrics.hub.merge(0, worker.drain() ?? assert.fail())
  await metrics[Symbol.asyncDispose]()
  const [request, ...more] = circonus.requests
  assert.deepEqual(more, [])
  assert.equal(`${request?.method} ${request?.path}`, 'PUT /module/httptrap/uuid/secret')
  assert.equal(request?.headers['content-type'], 'application/json')
  assert.deepEqual(request?.body, agreedDocument())
})

test('nothing counted is nothing sent', async () => {
  await using circonus = await startFakeCirconus(() => ({ body: {} }))
  await (await start({ submissionUrl: circonus.url }))[Symbol.asyncDispose]()
  assert.deepEqual(circonus.requests, [])
})

test('what could not be sent goes with the next document, and the outage is said once', async () => {
  let isDown = true
  await using circonus = await startFakeCirconus(() => (isDown ? { status: 403, body: { error: 'no' } } : { body: {} }))
  const { log, lines, said } = createRecordedLog()
  await using metrics = await start({ submissionUrl: circonus.url }, log, 5)
  metrics.hub.counter('notfound').add(1)
  metrics.hub.histogram('grpc.requests').observe(0.001)
  metrics.hub.gauge('ws.conn').set(7)
  await circonus.received('PUT', 3)
  metrics.hub.counter('notfound').add(1)
  metrics.hub.histogram('grpc.requests').observe(0.001)
  isDown = false
  await said('sending to Circonus again')
  assert.deepEqual(circonus.requests.at(-1)?.body, {
    'web1.fabio`notfound': { _value: 2, _type: 'L' },
    'web1.fabio`ws.conn': { _value: 7, _type: 'n' },
    'web1.fabio`grpc.requests': { _value: 'AAEKBgAC', _type: 'h' },
  })
  assert.deepEqual(
    lines.filter(line => line.startsWith('[WARN]')),
    ['[WARN] metrics: cannot send to Circonus: status 403 {"error":"no"}'],
  )
})

test('an answer of 500 is tried again at once', async () => {
  let tries = 0
  await using circonus = await startFakeCirconus(() => (++tries === 1 ? { status: 500, body: {} } : { body: {} }))
  const { log, lines } = createRecordedLog()
  const metrics = await start({ submissionUrl: circonus.url }, log)
  metrics.hub.counter('notfound').add(1)
  await metrics[Symbol.asyncDispose]()
  assert.equal(tries, 2)
  assert.deepEqual(
    lines.filter(line => line.startsWith('[WARN]')),
    [],
  )
})

test('an agent on a Unix socket takes documents as well', async () => {
  const socketPath = join(tmpdir(), `fabio-circonus-${process.pid}.sock`)
  await using circonus = await startFakeCirconus(() => ({ body: {} }), { socketPath })
  const metrics = await start({ submissionUrl: `http+unix://${socketPath}/write/fabio` })
  metrics.hub.counter('notfound').add(1)
  await metrics[Symbol.asyncDispose]()
  assert.deepEqual(
    circonus.requests.map(request => request.path),
    ['/write/fabio'],
  )
})

for (const { circonus, message } of [
  { circonus: { apiKey: 'k', checkId: 'abc' }, message: /metrics\.circonus\.checkid: 'abc' is not a number/ },
  { circonus: { apiKey: 'k', brokerId: '1x' }, message: /metrics\.circonus\.brokerid: '1x' is not a number/ },
  { circonus: { submissionUrl: 'nope' }, message: /metrics\.circonus\.submissionurl: 'nope' is not a URL/ },
]) {
  test(`${JSON.stringify(circonus)} is refused at the start`, () => assert.rejects(start(circonus), message))
}

interface ApiState {
  readonly existing?: readonly object[]
  readonly type?: string
  readonly metricFilters?: readonly string[][]
  readonly brokers?: readonly object[]
}

const BROKER = {
  _cid: '/broker/7',
  _name: 'b',
  _type: 'enterprise',
  _details: [
    { cn: 'broker-1.test', status: 'active', ipaddress: '127.0.0.1', external_host: null, modules: ['httptrap'] },
  ],
}

/** Answers of the API for a check that sends to `trapUrl`. */
function api(trapUrl: string, state: ApiState = {}): (request: CirconusRequest) => { body: unknown } | undefined {
  const bundle = {
    _cid: '/check_bundle/1',
    status: 'active',
    type: state.type ?? 'httptrap',
    brokers: ['/broker/7'],
    config: { submission_url: `${trapUrl}/module/httptrap/uuid/secret` },
    metric_filters: state.metricFilters ?? [['allow', '.', '']],
  }
  return ({ method, path }) => {
    if (method === 'POST' && path === '/v2/check_bundle') return { body: bundle }
    if (path === '/v2/check_bundle') return { body: state.existing ?? [] }
    if (path === '/v2/check_bundle/1') return { body: bundle }
    if (path === '/v2/check/5' || path === '/v2/check') {
      const check = { _cid: '/check/5', _active: true, _check_bundle: '/check_bundle/1' }
      return { body: path === '/v2/check' ? [check] : check }
    }
    if (path === '/v2/broker')
      return { body: state.brokers ?? [{ ...BROKER, _cid: '/broker/6', _type: 'circonus' }, BROKER] }
    if (path === '/v2/broker/7') return { body: BROKER }
    if (path === '/v2/pki/ca.crt') return { body: { contents: circonusFixture('ca.pem') } }
    return undefined
  }
}

test('without a check one is made on a broker of the organisation, and its certificate is known by its subject', async () => {
  await using broker = await startFakeCirconus(() => ({ body: {} }), { tls: true })
  await using circonus = await startFakeCirconus(api(broker.url))
  const metrics = await start({ apiKey: 'key', apiUrl: `${circonus.url}/v2` })
  metrics.hub.counter('notfound').add(3)
  await metrics[Symbol.asyncDispose]()
  const [put] = await broker.received('PUT', 1)
  assert.deepEqual(put?.body, { 'web1.fabio`notfound': { _value: 3, _type: 'L' } })
  const [created] = await circonus.received('POST', 1)
  const { config, ...check } = { config: {}, ...(typeof created?.body === 'object' ? created.body : {}) }
  assert.deepEqual(check, {
    brokers: ['/broker/7'],
    display_name: `${hostname()} /fabio`,
    metric_filters: [
      ['deny', '^$', ''],
      ['allow', '^.+$', ''],
    ],
    metrics: [],
    notes: `cgm_instanceid|${hostname()}`,
    period: 60,
    status: 'active',
    tags: ['service:fabio'],
    target: hostname(),
    timeout: 10,
    type: 'httptrap',
  })
  assert.match(JSON.stringify(config), /^\{"async_metrics":"true","secret":"[0-9a-f]{16}"\}$/)
  for (const { headers } of circonus.requests) {
    assert.equal(headers['x-circonus-auth-token'], 'key')
    assert.equal(headers['x-circonus-app-name'], 'fabio')
  }
})

for (const { name, circonus, path } of [
  { name: 'a check id', circonus: { checkId: '5' }, path: '/v2/check/5' },
  { name: 'a submission URL', circonus: { submissionUrl: 'https://x/module/httptrap/uuid/secret' }, path: '/v2/check' },
]) {
  test(`${name} and an API key send to that check`, async () => {
    await using trap = await startFakeCirconus(() => ({ body: {} }))
    await using circonusApi = await startFakeCirconus(api(trap.url))
    const metrics = await start({ apiKey: 'key', apiUrl: `${circonusApi.url}/v2`, ...circonus })
    metrics.hub.counter('notfound').add(3)
    await metrics[Symbol.asyncDispose]()
    assert.equal((await trap.received('PUT', 1)).length, 1)
    assert.equal(circonusApi.requests[0]?.path, path)
  })
}

test('a check that an earlier run left is found by its instance', async () => {
  await using trap = await startFakeCirconus(() => ({ body: {} }))
  const answer = api(trap.url)
  await using circonus = await startFakeCirconus(request => {
    if (request.path !== '/v2/check_bundle' || request.method !== 'GET') return answer(request)
    return { body: [answer({ ...request, path: '/v2/check_bundle/1' })?.body] }
  })
  const metrics = await start({ apiKey: 'key', apiUrl: `${circonus.url}/v2` })
  metrics.hub.counter('notfound').add(3)
  await metrics[Symbol.asyncDispose]()
  assert.equal((await trap.received('PUT', 1)).length, 1)
  assert.equal(circonus.requests[0]?.query.get('f_notes'), `cgm_instanceid|${hostname()}`)
  assert.equal(circonus.requests[0]?.query.get('search'), '(active:1)(type:"httptrap")(tags:service:fabio)')
})

for (const { name, state, circonus, expected } of [
  {
    name: 'a check of another type',
    state: { type: 'json' },
    circonus: { checkId: '5' },
    expected: /only httptrap checks have a submission URL/,
  },
  {
    name: 'no broker that takes the check',
    state: { brokers: [{ ...BROKER, _details: [] }] },
    circonus: {},
    expected: /no active broker takes httptrap checks/,
  },
  {
    name: 'an API that does not know the check',
    state: {},
    circonus: { checkId: '6' },
    expected: /GET \/check\/6: 404/,
  },
]) {
  test(`${name} is said, and nothing is lost`, async () => {
    await using trap = await startFakeCirconus(() => ({ body: {} }))
    await using circonusApi = await startFakeCirconus(api(trap.url, state))
    const { log, lines } = createRecordedLog()
    const metrics = await start({ apiKey: 'key', apiUrl: `${circonusApi.url}/v2`, ...circonus }, log)
    metrics.hub.counter('notfound').add(3)
    await metrics[Symbol.asyncDispose]()
    assert.match(lines.join('\n'), expected)
    assert.deepEqual(trap.requests, [])
  })
}

test('a check without metric filters is said to need activation', async () => {
  await using trap = await startFakeCirconus(() => ({ body: {} }))
  await using circonus = await startFakeCirconus(api(trap.url, { metricFilters: [] }))
  const { log, lines } = createRecordedLog()
  const metrics = await start({ apiKey: 'key', apiUrl: `${circonus.url}/v2`, checkId: '5' }, log)
  metrics.hub.counter('notfound').add(3)
  await metrics[Symbol.asyncDispose]()
  assert.match(lines.join('\n'), /metrics must be activated there/)
})

test('a broker with a certificate of somebody else gets nothing', async () => {
  await using broker = await startFakeCirconus(() => ({ body: {} }), { tls: true })
  const answer = api(broker.url)
  await using circonus = await startFakeCirconus(request =>
    request.path === '/v2/broker/7'
      ? { body: { ...BROKER, _details: [{ ...BROKER._details[0], cn: 'another.test' }] } }
      : answer(request),
  )
  const { log, lines } = createRecordedLog()
  const metrics = await start({ apiKey: 'key', apiUrl: `${circonus.url}/v2`, checkId: '5' }, log)
  metrics.hub.counter('notfound').add(3)
  await metrics[Symbol.asyncDispose]()
  assert.deepEqual(broker.requests, [])
  // The last flush ends before the last try; what is certain is that nothing arrived.
  assert.doesNotMatch(lines.join('\n'), /again/)
})

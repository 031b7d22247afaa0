import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HealthCheck } from '../../../src/consul/decode.ts'
import { RestartedChecks } from '../../../src/registry/consul/restarted-checks.ts'

function check(changes: Partial<HealthCheck> = {}): HealthCheck {
  return {
    node: 'n',
    checkId: 'http',
    status: 'passing',
    output: 'HTTP GET: 200 OK',
    serviceId: 'web-1',
    serviceName: 'web',
    serviceTags: ['urlprefix-/a'],
    type: 'http',
    createIndex: 1,
    ...changes,
  }
}

const notRunYet = (changes: Partial<HealthCheck> = {}) => check({ status: 'critical', output: '', ...changes })
const statuses = (checks: readonly HealthCheck[]) => checks.map(({ status }) => status)

test('a check that was passing and was not run since its agent started is still passing', () => {
  const restarted = new RestartedChecks()
  restarted.carryOver([check()], 0)
  const { checks, until } = restarted.carryOver([notRunYet()], 1000)
  assert.deepEqual(statuses(checks), ['passing'])
  assert.equal(until, 121_000)
})

test('but not longer than two minutes', () => {
  const restarted = new RestartedChecks()
  restarted.carryOver([check()], 0)
  restarted.carryOver([notRunYet()], 1000)
  assert.deepEqual(statuses(restarted.carryOver([notRunYet()], 120_999).checks), ['passing'])
  assert.deepEqual(statuses(restarted.carryOver([notRunYet()], 121_000).checks), ['critical'])
  assert.deepEqual(statuses(restarted.carryOver([notRunYet()], 122_000).checks), ['critical'])
})

for (const { title, before, now } of [
  { title: 'a check that was run and failed', before: check(), now: notRunYet({ output: 'connection refused' }) },
  { title: 'a check that was not seen before', before: check({ checkId: 'other' }), now: notRunYet() },
  {
    title: 'a check that was critical before',
    before: check({ status: 'critical', output: 'refused' }),
    now: notRunYet(),
  },
  { title: 'a check that was registered anew', before: check(), now: notRunYet({ createIndex: 2 }) },
  { title: 'a script, which may fail silently', before: check({ type: 'script' }), now: notRunYet({ type: 'script' }) },
  {
    title: 'a TTL check, which may be told to fail silently',
    before: check({ type: 'ttl' }),
    now: notRunYet({ type: 'ttl' }),
  },
  {
    title: 'a check of a Consul that does not tell the type',
    before: check({ type: '' }),
    now: notRunYet({ type: '' }),
  },
  { title: 'a check of a node', before: check({ serviceId: '' }), now: notRunYet({ serviceId: '' }) },
]) {
  test(`${title} is critical`, () => {
    const restarted = new RestartedChecks()
    restarted.carryOver([before], 0)
    assert.deepEqual(statuses(restarted.carryOver([now], 1000).checks), ['critical'])
  })
}

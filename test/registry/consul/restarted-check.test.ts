import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HealthCheck } from '../../../src/consul/decode.ts'
import { carryOver, type KnownCheck } from '../../../src/registry/consul/restarted-check.ts'

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
const seen = (before: HealthCheck): KnownCheck => carryOver(before, undefined, 0)

test('a check that was passing and was not run since its agent started is still passing', () => {
  assert.deepEqual(carryOver(notRunYet(), seen(check()), 1000), { createIndex: 1, status: 'passing', heldSince: 1000 })
})

test('but not longer than two minutes', () => {
  const held = carryOver(notRunYet(), seen(check()), 1000)
  const later = carryOver(notRunYet(), held, 120_999)
  assert.equal(later.status, 'passing')
  const atLast = carryOver(notRunYet(), later, 121_000)
  assert.equal(atLast.status, 'critical')
  assert.equal(carryOver(notRunYet(), atLast, 122_000).status, 'critical')
})

test('until it was run', () => {
  const held = carryOver(notRunYet(), seen(check()), 1000)
  assert.deepEqual(carryOver(check(), held, 2000), { createIndex: 1, status: 'passing', heldSince: undefined })
  assert.equal(carryOver(notRunYet({ output: 'refused' }), held, 2000).status, 'critical')
})

for (const { title, before, now } of [
  { title: 'a check that was run and failed', before: check(), now: notRunYet({ output: 'connection refused' }) },
  { title: 'a check that was not seen before', before: undefined, now: notRunYet() },
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
    assert.equal(carryOver(now, before === undefined ? undefined : seen(before), 1000).status, 'critical')
  })
}

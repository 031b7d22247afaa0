import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HealthCheck } from '../../../src/consul/decode.ts'
import { describeOut, instanceKey, type PassingRules } from '../../../src/registry/consul/passing.ts'
import { evaluateChecks } from './evaluate-checks.ts'

const RULES: PassingRules = { tagPrefix: 'urlprefix-', serviceStatus: ['passing'], checksRequired: 'one' }
const ALL: PassingRules = { ...RULES, checksRequired: 'all' }
const WITH_WARNING: PassingRules = { ...RULES, serviceStatus: ['passing', 'warning'] }

function check(changes: Partial<HealthCheck> = {}): HealthCheck {
  return {
    node: 'n',
    checkId: 'http',
    status: 'passing',
    output: '',
    serviceId: 'web-1',
    serviceName: 'web',
    serviceTags: ['urlprefix-/a'],
    type: 'http',
    createIndex: 1,
    ...changes,
  }
}

const http = check()
const disk = check({ checkId: 'disk', status: 'warning' })
const critical = check({ status: 'critical' })
const nodeCheck = (changes: Partial<HealthCheck>) =>
  check({ serviceId: '', serviceName: '', serviceTags: [], ...changes })
const agentDown = nodeCheck({ checkId: 'serfHealth', status: 'critical', output: 'gone' })
const nodeMaintenance = nodeCheck({ checkId: '_node_maintenance', status: 'critical', output: 'disk swap' })
const maintenanceOf = (id: string, changes: Partial<HealthCheck> = {}) =>
  check({
    checkId: `_service_maintenance:${id}`,
    serviceId: id,
    status: 'critical',
    output: 'deploy',
    serviceTags: [],
    ...changes,
  })

interface Case {
  readonly title: string
  readonly checks: readonly HealthCheck[]
  readonly rules?: PassingRules
  /** Undefined: routed. */
  readonly out?: string
}

const CASES: readonly Case[] = [
  { title: 'http passing', checks: [http] },
  { title: 'http passing, disk warning', checks: [http, disk] },
  { title: 'http passing, disk warning; all required', checks: [http, disk], rules: ALL, out: 'unhealthy' },
  {
    title: 'http passing, disk warning; all required, warning counts',
    checks: [http, disk],
    rules: { ...WITH_WARNING, checksRequired: 'all' },
  },
  { title: 'http critical; warning counts', checks: [critical], rules: WITH_WARNING, out: 'unhealthy' },
  { title: 'http passing, disk critical', checks: [http, check({ checkId: 'disk', status: 'critical' })] },
  { title: 'http passing, the agent of its node down', checks: [http, agentDown], out: 'agent-down' },
  { title: 'http passing, the agent of its node down, told first', checks: [agentDown, http], out: 'agent-down' },
  { title: 'http passing, the agent of its node warning', checks: [http, { ...agentDown, status: 'warning' }] },
  { title: 'http passing, the agent of another node down', checks: [http, { ...agentDown, node: 'other' }] },
  { title: 'http passing, its node in maintenance', checks: [http, nodeMaintenance], out: 'node-maintenance' },
  {
    title: 'http passing, its node in maintenance that passes',
    checks: [http, { ...nodeMaintenance, status: 'passing' }],
    out: 'node-maintenance',
  },
  { title: 'http passing, another node in maintenance', checks: [http, { ...nodeMaintenance, node: 'other' }] },
  { title: 'http passing, itself in maintenance', checks: [http, maintenanceOf('web-1')], out: 'service-maintenance' },
  { title: 'http passing, another instance in maintenance', checks: [http, maintenanceOf('web-2')] },
  {
    title: 'http passing, the same id on another node in maintenance',
    checks: [http, maintenanceOf('web-1', { node: 'other' })],
  },
  {
    title: 'http passing, an ordinary node check critical',
    checks: [http, nodeCheck({ checkId: 'load', status: 'critical' })],
  },
  {
    title: 'http passing without a route tag, disk critical with one',
    checks: [check({ serviceTags: ['blue'] }), check({ checkId: 'disk', status: 'critical' })],
    out: 'unhealthy',
  },
]

for (const { title, checks, rules = RULES, out } of CASES) {
  test(`${title}: ${out ?? 'routed'}`, () => {
    const instance = evaluateChecks(checks, rules).get(instanceKey('n', 'web-1'))
    assert.ok(instance)
    assert.equal(instance.out?.kind, out)
    assert.equal(instance.service, 'web')
  })
}

for (const { title, checks } of [
  { title: 'no checks', checks: [] },
  { title: 'only a check of its node', checks: [nodeCheck({ checkId: 'serfHealth' })] },
  { title: 'only a maintenance check', checks: [maintenanceOf('web-1')] },
  { title: 'checks without a route tag', checks: [check({ serviceTags: ['blue', ' urlprefix-/a', 'URLPREFIX-/a'] })] },
]) {
  test(`${title}: not even an instance`, () => assert.equal(evaluateChecks(checks, RULES).size, 0))
}

test('the same service id on two nodes is two instances', () => {
  const health = evaluateChecks([http, check({ node: 'm', status: 'critical' })], RULES)
  assert.deepEqual(
    [...health.values()].map(({ node, out }) => [node, out?.kind]),
    [
      ['n', undefined],
      ['m', 'unhealthy'],
    ],
  )
})

test('the reason to stay out is told in words', () => {
  const reasons = [agentDown, nodeMaintenance, maintenanceOf('web-1'), disk].map(reason => {
    const health = evaluateChecks([reason === disk ? critical : http, reason], RULES).get(instanceKey('n', 'web-1'))
    return health && describeOut(health)
  })
  assert.deepEqual(reasons, [
    'Skipping service "web-1" since agent on node "n" is down: gone',
    'Skipping service "web-1" since node "n" is in maintenance mode: disk swap',
    'Skipping service "web-1" since it is in maintenance mode: deploy',
    'Skipping service "web-1" on node "n" since 0 of its 2 checks are passing',
  ])
})

test('the signature is moved by a new registration or other tags, not by a state or an output', () => {
  const signature = (changes: Partial<HealthCheck>) =>
    evaluateChecks([check(changes)], RULES).get(instanceKey('n', 'web-1'))?.signature
  assert.equal(signature({ status: 'critical', output: 'refused' }), signature({}))
  assert.notEqual(signature({ createIndex: 2 }), signature({}))
  assert.notEqual(signature({ serviceTags: ['urlprefix-/b'] }), signature({}))
})

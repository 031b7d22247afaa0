import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { HealthCheck } from '../../../src/consul/decode.ts'
import { evaluateChecks, instanceKey, type PassingRules } from '../../../src/registry/consul/passing.ts'
import { fuzzRuns } from '../../route/fuzz-runs.ts'

const ids = fc.constantFrom('web-1', 'web-2', 'db')
const checks: fc.Arbitrary<HealthCheck[]> = fc.array(
  fc.record({
    node: fc.constantFrom('n', 'm'),
    checkId: fc.oneof(
      fc.constantFrom(
        'http',
        'disk',
        'serfHealth',
        '_node_maintenance',
        '_service_maintenance',
        '_service_maintenancex',
      ),
      ids.map(id => `_service_maintenance:${id}`),
    ),
    status: fc.constantFrom('passing', 'warning', 'critical'),
    output: fc.constant(''),
    serviceId: fc.oneof(ids, fc.constant('')),
    serviceName: fc.constant('web'),
    serviceTags: fc.array(fc.constantFrom('urlprefix-/a', 'blue', ' urlprefix-/b'), { maxLength: 2 }),
    type: fc.constant('http'),
    createIndex: fc.constant(1),
  }),
  { maxLength: 12 },
)
const rules: fc.Arbitrary<PassingRules> = fc.record({
  tagPrefix: fc.constant('urlprefix-'),
  serviceStatus: fc.subarray(['passing', 'warning', 'critical']),
  checksRequired: fc.constantFrom('one', 'all'),
})

/** What Fabio documents, check against check. */
function isRoutedPlainly(
  all: readonly HealthCheck[],
  node: string,
  id: string,
  { tagPrefix, serviceStatus, checksRequired }: PassingRules,
): boolean {
  const isSpecial = ({ checkId }: HealthCheck) => /^(serfHealth|_node_maintenance)$|^_service_maintenance/.test(checkId)
  const kept = all.filter(check => isSpecial(check) || check.serviceTags.some(tag => tag.startsWith(tagPrefix)))
  const onNode = kept.filter(check => check.node === node)
  const own = onNode.filter(check => check.serviceId === id)
  if (!own.some(({ checkId }) => !/^(serfHealth|_node_maintenance)$|^_service_maintenance:/.test(checkId))) return false
  if (onNode.some(({ checkId, status }) => checkId === 'serfHealth' && status === 'critical')) return false
  if (onNode.some(({ checkId }) => checkId === '_node_maintenance')) return false
  if (onNode.some(({ checkId, status }) => checkId === `_service_maintenance:${id}` && status === 'critical'))
    return false
  const passing = own.filter(({ status }) => serviceStatus.includes(status))
  return passing.length > 0 && (checksRequired === 'one' || passing.length === own.length)
}

test('the routed instances are those that the documented rules select', () => {
  fc.assert(
    fc.property(checks, rules, (all, given) => {
      const health = evaluateChecks(all, given)
      for (const node of ['n', 'm']) {
        for (const id of ['web-1', 'web-2', 'db']) {
          const instance = health.get(instanceKey(node, id))
          assert.equal(
            instance !== undefined && instance.out === undefined,
            isRoutedPlainly(all, node, id, given),
            `${node} ${id}`,
          )
        }
      }
    }),
    fuzzRuns(2000),
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import type { HealthCheck } from '../../../src/consul/decode.ts'
import { CheckMirror } from '../../../src/registry/consul/check-mirror.ts'
import { instanceKey, type PassingRules } from '../../../src/registry/consul/passing.ts'
import { fuzzRuns } from '../../route/fuzz-runs.ts'
import { evaluateChecks } from './evaluate-checks.ts'

const ids = fc.constantFrom('web-1', 'web-2', 'db')
// In Consul a node has each check once.
const checks: fc.Arbitrary<HealthCheck[]> = fc.uniqueArray(
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
    // Not one that keeps its state while its agent restarts.
    type: fc.constant('ttl'),
    createIndex: fc.constant(1),
  }),
  { maxLength: 12, selector: ({ node, checkId }) => `${node} ${checkId}` },
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

test('what follows from a list is the same whatever was listed before', () => {
  fc.assert(
    fc.property(fc.array(checks, { minLength: 1, maxLength: 6 }), rules, (lists, given) => {
      const mirror = new CheckMirror(given)
      let before: readonly HealthCheck[] = []
      const told = new Map<string, boolean>()
      for (const list of lists) {
        // What is in both lists stays the same object, as the reader of lists has it.
        const kept = before.filter(check => list.some(other => isDeepStrictEqual(check, other)))
        const added = list.filter(check => !kept.some(other => isDeepStrictEqual(check, other)))
        mirror.apply({ removed: before.filter(check => !kept.includes(check)), added })
        before = [...kept, ...added]
        for (const { key, now } of mirror.settle(0)) told.set(key, now !== undefined && now.out === undefined)
        const afresh = evaluateChecks(list, given)
        assert.deepEqual(mirror.health, afresh)
        for (const [key, isRouted] of told)
          assert.equal(isRouted, afresh.get(key)?.out === undefined && afresh.has(key))
        assert.equal(mirror.size, list.length)
      }
    }),
    fuzzRuns(1000),
  )
})

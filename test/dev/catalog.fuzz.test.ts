import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Catalog, type CheckResult } from '../../src/dev/catalog.ts'
import type { ServiceDefinition } from '../../src/dev/service-definition.ts'
import { StateIndex } from '../../src/dev/state-index.ts'
import { fuzzRuns } from '../route/fuzz-runs.ts'

const NAMES = ['web', 'api', 'Web']
const id = fc.constantFrom('1', '2', 'a', 'A')
const service = fc.record({ id, name: fc.constantFrom(...NAMES), tags: fc.subarray(['x', 'y']), port: fc.nat(2) })
const check = fc.record({
  id: fc.constantFrom('c', 'd', 'C'),
  serviceId: fc.oneof(id, fc.constant('')),
  status: fc.constantFrom('passing' as const, 'critical' as const),
})
const step = fc.oneof(
  fc.record({
    kind: fc.constant('register' as const),
    service: fc.option(service),
    checks: fc.array(check, { maxLength: 2 }),
  }),
  fc.record({ kind: fc.constant('deregisterService' as const), id }),
  fc.record({ kind: fc.constant('deregisterCheck' as const), id: fc.constantFrom('c', 'd') }),
)

test('no index of the catalog ever falls, and each rises when what it stands for changes', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), steps => {
      const catalog = new Catalog(new StateIndex())
      const seen = new Map<string, { index: number; text: string }>()
      const watch = (name: string, index: number, value: unknown): void => {
        const [before, text] = [seen.get(name), JSON.stringify(value)]
        if (before !== undefined) {
          assert.ok(index >= before.index, `${name} fell from ${before.index} to ${index}`)
          assert.ok(text === before.text || index > before.index, `${name} changed without its index`)
        }
        seen.set(name, { index, text })
      }
      for (const change of steps) {
        if (change.kind === 'register')
          catalog.register(change.service ? toService(change.service) : undefined, change.checks.map(toCheck))
        else catalog[change.kind](change.id)
        watch('services', catalog.servicesIndex, catalog.services())
        watch('checks', catalog.checksIndex, catalog.checks())
        for (const name of NAMES) {
          const instances = catalog.instances(name)
          const ids = new Set(['', ...instances.map(record => record.service.id)])
          const checks = catalog.checks().filter(({ serviceId }) => ids.has(serviceId))
          // A check of the node is news to a service that has instances.
          watch(
            name,
            catalog.indexOf(name),
            instances.map(record => [record, checks]),
          )
        }
      }
    }),
    fuzzRuns(500),
  )
})

function toService(fields: Pick<ServiceDefinition, 'id' | 'name' | 'tags' | 'port'>): ServiceDefinition {
  const rest = { address: '', taggedAddresses: new Map(), meta: undefined, passingWeight: 1, warningWeight: 1 }
  return { ...fields, ...rest, enableTagOverride: false }
}

function toCheck(fields: Pick<CheckResult, 'id' | 'serviceId' | 'status'>): CheckResult {
  return { ...fields, name: fields.id, notes: '', type: 'ttl', output: '' }
}

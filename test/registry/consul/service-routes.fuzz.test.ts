import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { CatalogInstance } from '../../../src/consul/decode.ts'
import { buildServiceRoutes } from '../../../src/registry/consul/service-routes.ts'
import { RouteFeed } from '../../../src/registry/route-feed.ts'
import { fuzzRuns } from '../../route/fuzz-runs.ts'

const RULES = { tagPrefix: 'urlprefix-', datacenter: 'dc1' }

const words = fc.constantFrom(
  'urlprefix-',
  '/a',
  'host/',
  ':80',
  ' ',
  '  ',
  '\t',
  '\n',
  '"',
  '\\',
  ',',
  '$DC',
  '${',
  '}',
  '$',
  'weight=',
  '0.5',
  'proto=tcp',
  'redirect=301,',
  'http://x',
  '[',
  '{',
  'opts "',
  '\u2028',
  'register=b',
  '-',
  'é',
)
const tags = fc.array(
  fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.array(words, { maxLength: 8 }).map(parts => `urlprefix-${parts.join('')}`),
  ),
  { maxLength: 6 },
)
const instances: fc.Arbitrary<CatalogInstance> = fc.record({
  node: fc.string(),
  nodeAddress: fc.string(),
  serviceId: fc.string(),
  serviceName: fc.string(),
  serviceAddress: fc.oneof(fc.string(), fc.constant('10.0.0.1')),
  servicePort: fc.integer({ min: -1, max: 70_000 }),
  serviceTags: tags,
  modifyIndex: fc.constant(1),
})

test('whatever an instance is called and tagged, each of its route tags is a route or a problem', () => {
  fc.assert(
    fc.property(instances, instance => {
      const { definitions, problems } = buildServiceRoutes(instance, RULES)
      for (const tag of instance.serviceTags) {
        if (!tag.trim().startsWith('urlprefix-')) continue
        const isRoute = definitions.some(({ origin }) => origin.kind === 'service' && origin.tag === tag)
        const isProblem = problems.some(({ origin }) => origin.kind === 'service' && origin.tag === tag)
        assert.ok(isRoute || isProblem, JSON.stringify(tag))
      }
      for (const { column, text } of problems) assert.ok(column >= 1 && column <= text.length + 1)
    }),
    fuzzRuns(1000),
  )
})

test('no instance has a say in the routes of another one', () => {
  const good: CatalogInstance = {
    node: 'n',
    nodeAddress: '10.0.0.1',
    serviceId: 'good',
    serviceName: 'good',
    serviceAddress: '',
    servicePort: 80,
    serviceTags: ['urlprefix-good.test/'],
    modifyIndex: 1,
  }
  fc.assert(
    fc.property(instances, instance => {
      const feed = new RouteFeed()
      for (const [key, one] of [
        ['good', good],
        ['random', instance],
      ] as const) {
        const { definitions, problems } = buildServiceRoutes(one, RULES)
        feed.setInstance(key, definitions, problems)
      }
      const route = feed.commit()?.routes.find(({ host }) => host === 'good.test')
      assert.ok(route?.targets.some(({ service, dst }) => service === 'good' && dst === 'http://10.0.0.1:80/'))
    }),
    fuzzRuns(500),
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CatalogInstance } from '../../../src/consul/decode.ts'
import { KeptTags } from '../../../src/registry/consul/kept-tags.ts'

const RULES = { tagPrefix: 'urlprefix-', datacenter: 'dc1' }

function instance(serviceTags: readonly string[], servicePort = 80): CatalogInstance {
  const node = { node: 'n', nodeAddress: '10.0.0.1' }
  const service = { serviceId: 'web-1', serviceName: 'web', serviceAddress: '', modifyIndex: 1 }
  return { ...node, ...service, servicePort, serviceTags }
}

function routesOf(kept: KeptTags, tags: readonly string[], port?: number): readonly string[] {
  const { definitions } = kept.routesOf('key', instance(tags, port), RULES)
  return definitions.map(({ command }) => `${command.src} ${command.target.dst}`)
}

test('a good tag that becomes bad stays in force, at the address of now, until it is good again or gone', () => {
  const kept = new KeptTags({ matcher: 'prefix', globHosts: true })
  assert.deepEqual(routesOf(kept, ['urlprefix-/a', 'urlprefix-/b']), [
    '/a http://10.0.0.1:80/',
    '/b http://10.0.0.1:80/',
  ])
  const bad = ['urlprefix-/a weight=x', 'urlprefix-/b']
  assert.deepEqual(routesOf(kept, bad), ['/b http://10.0.0.1:80/', '/a http://10.0.0.1:80/'])
  assert.deepEqual(routesOf(kept, bad, 81), ['/b http://10.0.0.1:81/', '/a http://10.0.0.1:81/'])
  const { problems } = kept.routesOf('key', instance(bad), RULES)
  assert.match(problems[0]?.expected ?? '', /until then the last good tag counts: 'urlprefix-\/a'/)
  assert.deepEqual(routesOf(kept, ['urlprefix-/a strip=/a', 'urlprefix-/b']).length, 2)
  assert.deepEqual(routesOf(kept, ['urlprefix-/b']), ['/b http://10.0.0.1:80/'])
})

test('a bad tag replaces the one with its source, else any that is gone, and never one that is still there', () => {
  const kept = new KeptTags({ matcher: 'prefix', globHosts: true })
  routesOf(kept, ['urlprefix-/a', 'urlprefix-/b', 'urlprefix-/c'])
  assert.deepEqual(routesOf(kept, ['urlprefix-', 'urlprefix-/b weight=x', 'urlprefix-/c']), [
    '/c http://10.0.0.1:80/',
    '/b http://10.0.0.1:80/',
    '/a http://10.0.0.1:80/',
  ])
})

test('an instance that has never been good keeps nothing, and one that is gone is forgotten', () => {
  const kept = new KeptTags({ matcher: 'prefix', globHosts: true })
  assert.deepEqual(routesOf(kept, ['urlprefix-/a weight=x']), [])
  routesOf(kept, ['urlprefix-/a'])
  kept.forget('key')
  assert.deepEqual(routesOf(kept, ['urlprefix-/a weight=x']), [])
})

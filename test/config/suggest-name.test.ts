import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OPTIONS_BY_NAME } from '../../src/config/option-table.ts'
import { suggestName } from '../../src/config/suggest-name.ts'

for (const { name, suggestion } of [
  { name: 'proxy.adr', suggestion: 'proxy.addr' },
  { name: 'proxy.addrr', suggestion: 'proxy.addr' },
  { name: 'porxy.addr', suggestion: 'proxy.addr' },
  { name: 'PROXY.ADDR', suggestion: 'proxy.addr' },
  { name: 'registry.consul.register.intervall', suggestion: undefined },
  { name: 'registry.consul.tag-prefix', suggestion: 'registry.consul.tagprefix' },
  { name: 'metric.target', suggestion: 'metrics.target' },
  { name: 'x', suggestion: undefined },
  { name: 'something.else.entirely', suggestion: undefined },
]) {
  test(`for ${name} the suggestion is ${suggestion}`, () =>
    assert.equal(suggestName(name, OPTIONS_BY_NAME.keys()), suggestion))
}

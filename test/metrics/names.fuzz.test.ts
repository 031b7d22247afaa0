import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Labels } from '../../src/metrics/metrics.ts'
import { MetricsError } from '../../src/metrics/metrics-error.ts'
import {
  compileTargetNames,
  flatName,
  formatTags,
  joinPrefix,
  lineName,
  prometheusName,
} from '../../src/metrics/names.ts'
import { labelsKey } from '../../src/metrics/series-key.ts'

const RUNS = { seed: Number(process.env.FUZZ_SEED ?? 1), numRuns: Number(process.env.FUZZ_RUNS ?? 500) }
const texts = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('|', ':', '\n', ' ', '.', ',', ';', '`', '__proto__', '\u2028', ''),
)
const labelSets = fc.array(fc.tuple(fc.constantFrom('service', 'host', 'path', 'target', 'code'), texts), {
  minLength: 1,
})

test('no label value and no prefix breaks a name out of its line', () => {
  const names = compileTargetNames('{{.Service}}.{{clean .Host}}.{{.Path}}.{{.TargetURL.Host}}')
  fc.assert(
    fc.property(fc.constantFrom('route', 'route.rx', 'http.status'), texts, labelSets, (name, prefix, labels) => {
      assert.match(lineName(joinPrefix(prefix, flatName(name, labels, names))), /^[^\s\p{Cc}:|;`]+$/u)
    }),
    RUNS,
  )
})

test('a flattened value is one level', () => {
  const names = compileTargetNames('')
  fc.assert(
    fc.property(labelSets, labels => {
      assert.equal(flatName('x', labels, names).split('.').length, 1 + labels.length * 2)
    }),
    RUNS,
  )
})

test('there are as many tags as labels', () => {
  fc.assert(
    fc.property(labelSets, labels => {
      const tags = formatTags(labels)
      assert.equal(tags.split(',').length, labels.length)
      assert.doesNotMatch(tags, /[\p{Cc}|]/u)
    }),
    RUNS,
  )
})

test('every Prometheus name is one', () => {
  fc.assert(
    fc.property(fc.array(texts, { minLength: 2 }), parts => {
      assert.match(prometheusName(parts), /^[a-zA-Z_:][a-zA-Z0-9_:]*$/)
    }),
    RUNS,
  )
})

test('different labels have different keys', () => {
  const same = (a: Labels, b: Labels) => JSON.stringify(a) === JSON.stringify(b)
  fc.assert(
    fc.property(labelSets, labelSets, (a, b) => {
      assert.equal(labelsKey(a) === labelsKey(b), same(a, b))
    }),
    RUNS,
  )
})

test('every template compiles or says what is wrong', () => {
  const templates = fc
    .array(fc.oneof(texts, fc.constantFrom('{{', '}}', '{{clean .Service}}', '{{.Host}}', 'clean ', '.Path')))
    .map(parts => parts.join(''))
  fc.assert(
    fc.property(templates, template => {
      try {
        assert.equal(
          typeof compileTargetNames(template)({ Service: '', Host: '', Path: '', 'TargetURL.Host': '' }),
          'string',
        )
      } catch (error) {
        assert.ok(error instanceof MetricsError)
      }
    }),
    RUNS,
  )
})

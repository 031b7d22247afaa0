import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ApiError } from '../../src/dev/api-error.ts'
import { parseCheckRegistration } from '../../src/dev/check-definition.ts'
import { formatJson, type JsonValue } from '../../src/dev/json-text.ts'
import { parseServiceRegistration } from '../../src/dev/service-definition.ts'
import { fuzzRuns } from '../route/fuzz-runs.ts'

const NAMES = [
  'ID',
  'name',
  'Name',
  'Tags',
  'Address',
  'Port',
  'Meta',
  'Check',
  'Checks',
  'Weights',
  'HTTP',
  'TCP',
  'TTL',
]
const MORE = [
  'Interval',
  'Timeout',
  'Status',
  'Header',
  'TaggedAddresses',
  'Passing',
  '__proto__',
  'OutputMaxSize',
  'Notes',
]
const VALUES = ['', 'web', '1s', '1h', 'passing', '127.0.0.1', 'http://x/', 'x:1', '-1s', '0.0.0.0', '::1']
const leaf = fc.oneof(
  fc.constantFrom(...VALUES),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.string(),
)
const { tree } = fc.letrec(tie => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...NAMES, ...MORE), tie('tree'), { maxKeys: 6 }),
  ),
}))

for (const [name, parse] of [
  ['service', parseServiceRegistration],
  ['check', parseCheckRegistration],
] as const) {
  test(`whatever comes as the registration of a ${name} is one, or is refused with a status and a reason`, () => {
    const body = fc.oneof(
      tree.map(value => JSON.stringify(value)),
      fc.string(),
      fc.json(),
    )
    fc.assert(
      fc.property(body, text => {
        try {
          parse(Buffer.from(text))
        } catch (cause) {
          assert.ok(cause instanceof ApiError, String(cause))
          assert.ok([400, 500, 501].includes(cause.status) && cause.message.length > 0)
        }
      }),
      fuzzRuns(2000),
    )
  })
}

test('what is written as JSON reads back as what it was', () => {
  const json = fc.jsonValue().filter(value => !JSON.stringify(value).includes('__proto__'))
  fc.assert(
    fc.property(json, value => {
      assert.deepEqual(JSON.parse(formatJson(toJsonValue(value))), JSON.parse(JSON.stringify(value)))
    }),
    fuzzRuns(2000),
  )
})

/** Half of the objects as maps, which is what names from outside are in. */
function toJsonValue(value: unknown): JsonValue {
  if (Array.isArray(value)) return value.map(toJsonValue)
  if (typeof value === 'object' && value !== null) {
    const pairs = Object.entries(value).map(([name, inner]) => [name, toJsonValue(inner)] as const)
    return pairs.length % 2 === 0 ? new Map(pairs) : Object.fromEntries(pairs)
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ConfigError } from '../../src/config/config-error.ts'
import { inspectConfig, loadConfig } from '../../src/config/load.ts'
import { OPTIONS } from '../../src/config/option-table.ts'
import { fuzzParameters } from './fuzz-parameters.ts'
import { MACHINE } from './load-from.ts'

test('whatever is said on the command line, the first error of an inspection is the one that loading ends with', async () => {
  const name = fc.constantFrom(...OPTIONS.map(option => option.name), 'nonsense')
  const value = fc.oneof(fc.string(), fc.constantFrom('x', '-1', ':80;cs=a', 'cs=a;type=file', 'true', '{{', 'custom'))
  const flag = fc.tuple(name, value).map(([option, text]) => `-${option}=${text}`)
  await fc.assert(
    fc.asyncProperty(fc.array(flag, { maxLength: 5 }), async argv => {
      const options = { argv, env: {}, machine: MACHINE }
      const { errors } = await inspectConfig(options)
      try {
        const { kind } = await loadConfig(options)
        if (kind === 'run') assert.deepEqual(errors, [])
      } catch (cause) {
        assert.ok(cause instanceof ConfigError)
        assert.equal(errors[0]?.reason, cause.reason)
      }
    }),
    fuzzParameters(),
  )
})

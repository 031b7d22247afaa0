// Durations, numbers, address templates, expressions, the command line: whatever is written, there is a value or a ConfigError.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { expandAddressTemplate } from '../../src/config/address-template.ts'
import { parseCommandLine } from '../../src/config/command-line.ts'
import { ConfigError } from '../../src/config/config-error.ts'
import { durationProblem, formatDuration, parseDurationMs } from '../../src/config/duration.ts'
import { parseFloatNumber, parseInteger } from '../../src/config/go-number.ts'
import { bitsOf, formatNetwork, parseIpAddress } from '../../src/config/ip-address.ts'
import { parseListenAddress } from '../../src/config/listen-address.ts'
import { loadConfig } from '../../src/config/load.ts'
import { OPTIONS } from '../../src/config/option-table.ts'
import { translateRe2 } from '../../src/config/re2.ts'
import { fuzzParameters } from './fuzz-parameters.ts'
import { MACHINE } from './load-from.ts'

function texts(...pieces: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom(...pieces)).map(parts => parts.join('')),
  )
}

function onlyConfigErrors(run: () => unknown): void {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof ConfigError, error instanceof Error ? String(error.stack) : String(error))
  }
}

test('a duration is a number of milliseconds, or there is a problem to name', () => {
  fc.assert(
    fc.property(texts('1', '5', '0', '.', 's', 'ms', 'h', '\u00b5s', '-', '+', '99999999'), text => {
      const ms = parseDurationMs(text)
      assert.ok(ms === undefined ? durationProblem(text).startsWith('time: ') : Number.isFinite(ms))
    }),
    fuzzParameters(),
  )
})

test('a duration that is written is read back', () => {
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), ns => {
      assert.equal(Math.round((parseDurationMs(formatDuration(ns / 1e6)) ?? Number.NaN) * 1e6), ns)
    }),
    fuzzParameters(),
  )
})

test('numbers that are written are read back', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true }), (integer, float) => {
      assert.deepEqual(parseInteger(String(integer), { signed: true }), { ok: true, value: integer || 0 })
      assert.equal(parseFloatNumber(String(float)), float || 0)
    }),
    fuzzParameters(),
  )
})

test('addresses that are written are read back', () => {
  const address = fc.oneof(
    fc.record({
      family: fc.constant(4 as const),
      value: fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }),
      prefixLength: fc.integer({ min: 0, max: 32 }),
    }),
    fc.record({
      family: fc.constant(6 as const),
      value: fc.bigInt({ min: 2n ** 64n, max: 2n ** 128n - 1n }),
      prefixLength: fc.integer({ min: 0, max: 128 }),
    }),
  )
  fc.assert(
    fc.property(address, given => {
      assert.ok(given.prefixLength <= bitsOf(given.family))
      assert.deepEqual(parseIpAddress(formatNetwork(given)), { ...given })
    }),
    fuzzParameters(),
  )
})

test('any text is an address to listen on or none', () => {
  fc.assert(
    fc.property(texts('a', ':', '[', ']', '0', '9', '.', '%', '::1', ' '), text => {
      const address = parseListenAddress(text, new Map())
      assert.ok(address === undefined || (address.port >= 0 && address.port <= 65535))
    }),
    fuzzParameters(),
  )
})

test('any template gives text or a ConfigError', () => {
  const pieces = [
    '{{',
    '}}',
    '"',
    '`',
    '|',
    '(',
    ')',
    '.',
    ' ',
    '-',
    'if ',
    'else',
    'end',
    'GetPrivateIP',
    ' include "type" "IPv4" ',
    ' attr "name" ',
    ' limit 1 ',
    'printf "%s" ',
    '/*',
    '*/',
    '{{.',
    '{{if .}}',
    '{{end}}',
    '\\',
  ]
  fc.assert(
    fc.property(texts(...pieces), text =>
      onlyConfigErrors(() => assert.equal(typeof expandAddressTemplate(text, MACHINE), 'string')),
    ),
    fuzzParameters(),
  )
})

test('any expression is translated to one that compiles, or is refused with a reason', () => {
  const pieces = [
    'a',
    '(',
    ')',
    '[',
    ']',
    '^',
    '$',
    '*',
    '+',
    '?',
    '|',
    '\\',
    '{2}',
    '{,',
    '(?i)',
    '(?s-i:',
    '(?P<n>',
    '[[:alpha:]]',
    '[^]',
    '\\Q',
    '\\E',
    '\\z',
    '-',
    '.',
    '\\x{41}',
  ]
  fc.assert(
    fc.property(texts(...pieces), text => {
      try {
        assert.ok(new RegExp(translateRe2(text)))
      } catch (error) {
        assert.match(String(error), /^Error: error parsing regexp: /)
      }
    }),
    fuzzParameters(),
  )
})

const flag = fc.constantFrom(...OPTIONS.map(({ name }) => `-${name}`))

test('any command line is understood or refused', () => {
  const argument = fc.oneof(
    flag,
    flag.map(name => `${name}=x`),
    fc.constantFrom('-v', '-cfg', '--', '-', '-insecure', 'true', '-test.x', '-cfg=', '-=', '---'),
    fc.string(),
  )
  fc.assert(
    fc.property(fc.array(argument), argv => onlyConfigErrors(() => parseCommandLine(argv))),
    fuzzParameters(),
  )
})

test('any value of any option gives a configuration or a ConfigError', async () => {
  const name = fc.constantFrom(...OPTIONS.map(({ name }) => name))
  const value = fc.oneof(
    texts(':80', ';', '=', ',', 'cs', 'proto', 'tcp', '"', '{{', '}}', 'a', '1s', '0x', '(?'),
    fc.constantFrom('true', '7', '5s'),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(name, value), { maxLength: 4 }), async settings => {
      const env = Object.fromEntries(settings.map(([name, value]) => [`FABIO_${name.replaceAll('.', '_')}`, value]))
      try {
        const result = await loadConfig({ argv: [], env, machine: MACHINE })
        assert.equal(result.kind, 'run')
      } catch (error) {
        assert.ok(error instanceof ConfigError, error instanceof Error ? String(error.stack) : String(error))
        assert.doesNotMatch(error.message, /undefined|\[object/)
      }
    }),
    fuzzParameters(),
  )
})

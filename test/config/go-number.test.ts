import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseBoolean, parseFloatNumber, parseInteger } from '../../src/config/go-number.ts'

for (const text of ['1', 't', 'T', 'true', 'TRUE', 'True']) {
  test(`'${text}' is true`, () => assert.equal(parseBoolean(text), true))
}

for (const text of ['0', 'f', 'F', 'false', 'FALSE', 'False']) {
  test(`'${text}' is false`, () => assert.equal(parseBoolean(text), false))
}

for (const text of ['', 'yes', 'no', 'on', 'off', 'tRUE', ' true', '2']) {
  test(`'${text}' is no boolean`, () => assert.equal(parseBoolean(text), undefined))
}

for (const { text, value } of [
  { text: '0', value: 0 },
  { text: '-0', value: 0 },
  { text: '+7', value: 7 },
  { text: '-12', value: -12 },
  { text: '010', value: 8 },
  { text: '0o17', value: 15 },
  { text: '0x1F', value: 31 },
  { text: '0b101', value: 5 },
  { text: '1_000', value: 1000 },
  { text: '0x_f', value: 15 },
  { text: '0_7', value: 7 },
]) {
  test(`the integer '${text}' is ${value}`, () =>
    assert.deepEqual(parseInteger(text, { signed: true }), { ok: true, value }))
}

for (const text of ['', 'lots', '1.5', '08', '0x', '1__0', '_1', '1_', ' 1', '0b2', '--1', '1e3']) {
  test(`'${text}' is no integer and falls back to 0`, () => {
    assert.deepEqual(parseInteger(text, { signed: true }), { ok: false, nearest: 0 })
  })
}

test('an integer that is too large falls back to the largest there is', () => {
  assert.deepEqual(parseInteger('99999999999999999999', { signed: true }), {
    ok: false,
    nearest: Number(2n ** 63n - 1n),
  })
  assert.deepEqual(parseInteger('-99999999999999999999', { signed: true }), { ok: false, nearest: -(2 ** 63) })
  assert.deepEqual(parseInteger('65536', { signed: false, bits: 16 }), { ok: false, nearest: 65535 })
})

test('an unsigned integer has no sign', () => {
  assert.deepEqual(parseInteger('+1', { signed: false }), { ok: false, nearest: 0 })
  assert.deepEqual(parseInteger('-1', { signed: false }), { ok: false, nearest: 0 })
  assert.deepEqual(parseInteger('0x0303', { signed: false, bits: 16 }), { ok: true, value: 0x0303 })
})

for (const { text, value } of [
  { text: '.005', value: 0.005 },
  { text: '5.', value: 5 },
  { text: '-1e3', value: -1000 },
  { text: '1_000.5', value: 1000.5 },
  { text: '0x1p-2', value: 0.25 },
  { text: '0x.8p1', value: 1 },
  { text: 'inf', value: Infinity },
  { text: '-Infinity', value: -Infinity },
  { text: 'NaN', value: Number.NaN },
]) {
  test(`the float '${text}' is ${value}`, () => assert.equal(parseFloatNumber(text), value))
}

for (const text of ['', '.', 'x', '1,5', '1e999', '0x1', '_1', '1__0', ' 1']) {
  test(`'${text}' is no float`, () => assert.equal(parseFloatNumber(text), undefined))
}

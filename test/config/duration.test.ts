import assert from 'node:assert/strict'
import { test } from 'node:test'
import { durationProblem, formatDuration, parseDurationMs } from '../../src/config/duration.ts'

for (const { text, ms } of [
  { text: '0', ms: 0 },
  { text: '-0', ms: 0 },
  { text: '0s', ms: 0 },
  { text: '1ns', ms: 1e-6 },
  { text: '1us', ms: 1e-3 },
  { text: '1\u00b5s', ms: 1e-3 },
  { text: '1\u03bcs', ms: 1e-3 },
  { text: '250ms', ms: 250 },
  { text: '1.5s', ms: 1500 },
  { text: '.5s', ms: 500 },
  { text: '5.s', ms: 5000 },
  { text: '1h30m', ms: 5_400_000 },
  { text: '+1m', ms: 60_000 },
  { text: '-1m1s', ms: -61_000 },
]) {
  test(`the duration '${text}' is ${ms}ms`, () => assert.equal(parseDurationMs(text), ms))
}

for (const { text, problem } of [
  { text: '', problem: 'time: invalid duration ""' },
  { text: '5', problem: 'time: missing unit in duration "5"' },
  { text: '1h5', problem: 'time: missing unit in duration "1h5"' },
  { text: '1d', problem: 'time: unknown unit "d" in duration "1d"' },
  { text: 'x', problem: 'time: invalid duration "x"' },
  { text: '.s', problem: 'time: invalid duration ".s"' },
  { text: '--1s', problem: 'time: invalid duration "--1s"' },
  { text: '3000000h', problem: 'time: invalid duration "3000000h"' },
]) {
  test(`'${text}' is no duration: ${problem}`, () => {
    assert.equal(parseDurationMs(text), undefined)
    assert.equal(durationProblem(text), problem)
  })
}

for (const { ms, text } of [
  { ms: 0, text: '0s' },
  { ms: 1e-6, text: '1ns' },
  { ms: 0.0015, text: '1.5\u00b5s' },
  { ms: 500, text: '500ms' },
  { ms: 1500, text: '1.5s' },
  { ms: 90_000, text: '1m30s' },
  { ms: 3_600_000, text: '1h0m0s' },
  { ms: -61_000, text: '-1m1s' },
]) {
  test(`${ms}ms is written '${text}'`, () => assert.equal(formatDuration(ms), text))
}

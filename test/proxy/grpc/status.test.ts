import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeMessage, parseStatus, parseTimeoutMs, statusName, statusOfHttp } from '../../../src/proxy/grpc/status.ts'

test('codes have the names that Go gives them', () => {
  assert.deepEqual([0, 1, 5, 14, 16, 99].map(statusName), [
    'OK',
    'Canceled',
    'NotFound',
    'Unavailable',
    'Unauthenticated',
    'Code(other)',
  ])
})

test('a status that is no number is UNKNOWN', () => {
  assert.deepEqual(['0', '14', '', 'x', '-1', '1e3', '99999999999'].map(parseStatus), [0, 14, 2, 2, 2, 2, 2])
})

test('messages are percent-encoded UTF-8', () => {
  assert.equal(encodeMessage('a b~%\n\u00e9'), 'a b~%25%0A%C3%A9')
})

test('timeouts have up to eight digits and a unit', () => {
  assert.deepEqual(
    ['1H', '2M', '3S', '4m', '5u', '6n'].map(parseTimeoutMs),
    [3_600_000, 120_000, 3000, 4, 0.005, 0.000006],
  )
  for (const text of ['', '5', 'S', '-1S', '1.5S', '123456789S', '1s', '1 S'])
    assert.equal(parseTimeoutMs(text), undefined, text)
})

test('answers of HTTP read as the status that gRPC maps them to', () => {
  const codes = [200, 400, 401, 403, 404, 429, 500, 502, 503, 504].map(statusOfHttp)
  assert.deepEqual(codes, [2, 13, 16, 7, 12, 14, 2, 14, 14, 14])
})

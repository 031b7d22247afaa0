import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileAccessFormat } from '../../src/log/access-log.ts'
import type { AccessRecord } from '../../src/log/access-record.ts'
import { accessRecord } from './access-record.ts'

const UPSTREAM_GONE: Partial<AccessRecord> = {
  upstreamAddr: '',
  upstreamScheme: '',
  upstreamPath: '',
  upstreamQuery: '',
  upstreamService: '',
}

function render(format: string, changed: Partial<AccessRecord> = {}, options = { escape: false }): string {
  return compileAccessFormat(format, options)(accessRecord(changed))
}

for (const { field, expected } of [
  { field: '$header.Referer', expected: 'http://r.com/' },
  { field: '$header.user-agent', expected: 'curl/8' },
  { field: '$header.Missing', expected: '' },
  { field: '$header.Host', expected: '' },
  { field: '$header.transfer-encoding', expected: '' },
  { field: '$remote_addr', expected: '2.2.2.2:666' },
  { field: '$remote_host', expected: '2.2.2.2' },
  { field: '$remote_port', expected: '666' },
  { field: '$request', expected: 'GET /a%2Fb/../c?q=x HTTP/1.1' },
  { field: '$request_args', expected: 'q=x' },
  { field: '$request_host', expected: 'rewritten.com' },
  { field: '$request_method', expected: 'GET' },
  { field: '$request_proto', expected: 'HTTP/1.1' },
  { field: '$request_scheme', expected: 'https' },
  { field: '$request_uri', expected: '/a%2Fb/../c?q=x' },
  { field: '$request_url', expected: 'https://server.com/c?q=x' },
  { field: '$response_body_size', expected: '1234' },
  { field: '$response_status', expected: '200' },
  { field: '$response_time_ms', expected: '1.001' },
  { field: '$response_time_us', expected: '1.001999' },
  { field: '$response_time_ns', expected: '1.001999009' },
  { field: '$time_common', expected: '01/Jan/2016:00:00:09 +0000' },
  { field: '$time_rfc3339', expected: '2016-01-01T00:00:09Z' },
  { field: '$time_rfc3339_ms', expected: '2016-01-01T00:00:09.012Z' },
  { field: '$time_rfc3339_us', expected: '2016-01-01T00:00:09.012500Z' },
  { field: '$time_rfc3339_ns', expected: '2016-01-01T00:00:09.012500000Z' },
  { field: '$time_unix_ms', expected: '1451606409012' },
  { field: '$time_unix_us', expected: '1451606409012500' },
  { field: '$time_unix_ns', expected: '1451606409012500000' },
  { field: '$upstream_addr', expected: '7.8.9.0:5432' },
  { field: '$upstream_host', expected: '7.8.9.0' },
  { field: '$upstream_port', expected: '5432' },
  { field: '$upstream_request_scheme', expected: 'http' },
  { field: '$upstream_request_uri', expected: '/u/c?a=b&q=x' },
  { field: '$upstream_request_url', expected: 'http://7.8.9.0:5432/u/c?a=b&q=x' },
  { field: '$upstream_service', expected: 'svc-a' },
]) {
  test(`${field} is ${expected || 'empty'}`, () => {
    assert.equal(render(`<${field}>`), `<${expected}>`)
    assert.equal(render(field), expected)
  })
}

for (const { field, changed, expected } of [
  { field: '$remote_host', changed: { remoteAddr: '[2001:db8::1]:80' }, expected: '[2001:db8::1]' },
  { field: '$remote_port', changed: { remoteAddr: '[2001:db8::1]:80' }, expected: '80' },
  { field: '$upstream_host', changed: { upstreamAddr: 'backend' }, expected: 'backend' },
  { field: '$upstream_port', changed: { upstreamAddr: 'backend' }, expected: '' },
  { field: '$upstream_host', changed: { upstreamAddr: '[::1]' }, expected: '[::1]' },
  { field: '$upstream_port', changed: { upstreamAddr: '[::1]' }, expected: '' },
  { field: '$upstream_request_uri', changed: { upstreamPath: '', upstreamQuery: '' }, expected: '/' },
  { field: '$upstream_request_url', changed: UPSTREAM_GONE, expected: '' },
  { field: '$upstream_request_uri', changed: UPSTREAM_GONE, expected: '' },
  { field: '$upstream_host', changed: UPSTREAM_GONE, expected: '' },
  { field: '$request_url', changed: { requestQuery: '' }, expected: 'https://server.com/c' },
  { field: '$request_url', changed: { originalHost: '', requestQuery: '' }, expected: 'https:///c' },
  { field: '$response_time_ms', changed: { durationNs: 0 }, expected: '0.000' },
  { field: '$response_time_ns', changed: { durationNs: 61_000_000_001 }, expected: '61.000000001' },
  { field: '$time_rfc3339_ns', changed: { endMs: 0 }, expected: '1970-01-01T00:00:00.000000000Z' },
] satisfies { field: string; changed: Partial<AccessRecord>; expected: string }[]) {
  test(`${field} of ${JSON.stringify(changed)} is ${expected || 'empty'}`, () =>
    assert.equal(render(`<${field}>`, changed), `<${expected}>`))
}

test('common and combined are the formats of Fabio', () => {
  const common = '2.2.2.2 - - [01/Jan/2016:00:00:09 +0000] "GET /a%2Fb/../c?q=x HTTP/1.1" 200 1234'
  assert.equal(render('common'), common)
  assert.equal(render('combined'), `${common} "http://r.com/" "curl/8"`)
})

test('the second of a line is not that of the line before', () => {
  const format = compileAccessFormat('$time_common $time_rfc3339', { escape: false })
  assert.equal(format(accessRecord({ endMs: 999 })), '01/Jan/1970:00:00:00 +0000 1970-01-01T00:00:00Z')
  assert.equal(format(accessRecord({ endMs: 1000 })), '01/Jan/1970:00:00:01 +0000 1970-01-01T00:00:01Z')
})

for (const { format, expected } of [
  { format: '$$a', expected: '$$a' },
  { format: 'cost: 5$', expected: 'cost: 5$' },
  { format: '$ $request_method', expected: '$ GET' },
  { format: '$request_method.$request_proto', expected: 'GET.HTTP/1.1' },
  { format: '$request_method$response_status', expected: 'GET200' },
  { format: '$header.User-Agent.x', expected: 'curl/8.x' },
  { format: '$(request_method)', expected: '$(request_method)' },
  { format: 'ä€ $response_status', expected: '\u00c3\u00a4\u00e2\u0082\u00ac 200' },
]) {
  test(`format ${format} renders ${expected}`, () => assert.equal(render(format), expected))
}

// The texts of Fabio 1.7.3, behind its `[FATAL] `.
for (const { format, message } of [
  { format: '', message: 'Invalid log format: empty log format' },
  { format: '$bogus', message: 'Invalid log format: invalid field "$bogus"' },
  { format: 'a $request_methods b', message: 'Invalid log format: invalid field "$request_methods"' },
  { format: '$header', message: 'Invalid log format: invalid field "$header"' },
  { format: '$header.', message: 'Invalid log format: invalid field "$header"' },
  { format: '$header. x', message: 'Invalid log format: invalid field "$header."' },
  { format: '$constructor', message: 'Invalid log format: invalid field "$constructor"' },
]) {
  test(`format '${format}' is refused: ${message}`, () => {
    assert.throws(() => compileAccessFormat(format, { escape: false }), { name: 'AccessFormatError', message })
  })
}

for (const { value, plain, escaped } of [
  { value: 'a"b\\c', plain: 'a"b\\c', escaped: 'a\\"b\\\\c' },
  { value: '\u00e4', plain: '\u00e4', escaped: '\\xE4' },
  { value: '\u20ac', plain: '\u20ac', escaped: '\\xE2\\x82\\xAC' },
  { value: 'a\nb\u007f', plain: 'a\nb\u007f', escaped: 'a\\x0Ab\\x7F' },
]) {
  test(`a header ${JSON.stringify(value)} is rendered ${escaped} with log.access.escape`, () => {
    const changed = { header: () => value }
    assert.equal(render('$header.X', changed, { escape: true }), escaped)
    // Control characters are taken out of many lines at once, see access-bytes.
    assert.equal(render('$header.X', changed), plain)
  })
}

test('a service name is UTF-8, whatever the value before it was', () => {
  const format = compileAccessFormat('$upstream_service', { escape: false })
  for (const name of ['ä', 'b', 'ä', 'ä']) {
    assert.equal(Buffer.from(format(accessRecord({ upstreamService: name })), 'latin1').toString(), name)
  }
})

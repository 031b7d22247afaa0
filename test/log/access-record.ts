import type { AccessRecord } from '../../src/log/access-record.ts'

const HEADERS = new Map([
  ['host', 'server.com'],
  ['referer', 'http://r.com/'],
  ['user-agent', 'curl/8'],
])

/** A request with another value for every field. */
export function accessRecord(changed: Partial<AccessRecord> = {}): AccessRecord {
  return {
    remoteAddr: '2.2.2.2:666',
    method: 'GET',
    requestTarget: '/a%2Fb/../c?q=x',
    proto: 'HTTP/1.1',
    requestScheme: 'https',
    originalHost: 'server.com',
    requestHost: 'rewritten.com',
    requestPath: '/c',
    requestQuery: 'q=x',
    status: 200,
    bodyBytes: 1234,
    endMs: Date.UTC(2016, 0, 1, 0, 0, 9, 12) + 0.5,
    durationNs: 1_001_999_009,
    upstreamAddr: '7.8.9.0:5432',
    upstreamScheme: 'http',
    upstreamPath: '/u/c',
    upstreamQuery: 'a=b&q=x',
    upstreamService: 'svc-a',
    header: name => HEADERS.get(name),
    ...changed,
  }
}

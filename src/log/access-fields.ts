import { utf8Bytes } from './access-bytes.ts'
import type { AccessRecord } from './access-record.ts'
import { AccessTime, nanosecondsOf } from './access-time.ts'

/** Renders one field of a line. */
export type AccessField = (record: AccessRecord) => string

/**
 * The fields of `log.access.format` by name, `$` included, as in Fabio; `$header.<name>` is made by the compiler of the format.
 * `outside` are the values that come from clients, targets or the registry and need escaping.
 */
export function createAccessFields(): {
  readonly own: ReadonlyMap<string, AccessField>
  readonly outside: ReadonlyMap<string, AccessField>
} {
  const time = new AccessTime()
  return {
    own: new Map<string, AccessField>([
      ['$response_body_size', r => String(r.bodyBytes)],
      ['$response_status', r => String(r.status)],
      ['$response_time_ms', seconds(3)],
      ['$response_time_us', seconds(6)],
      ['$response_time_ns', seconds(9)],
      ['$time_common', r => time.common(r.endMs)],
      ['$time_rfc3339', r => `${time.rfc3339(r.endMs)}Z`],
      ['$time_rfc3339_ms', rfc3339(time, 3)],
      ['$time_rfc3339_us', rfc3339(time, 6)],
      ['$time_rfc3339_ns', rfc3339(time, 9)],
      ['$time_unix_ms', unix(3)],
      ['$time_unix_us', unix(6)],
      ['$time_unix_ns', unix(9)],
    ]),
    outside: new Map<string, AccessField>([
      ['$remote_addr', r => r.remoteAddr],
      ['$remote_host', r => hostOf(r.remoteAddr)],
      ['$remote_port', r => portOf(r.remoteAddr)],
      ['$request', r => `${r.method} ${r.requestTarget} ${r.proto}`],
      ['$request_args', r => r.requestQuery],
      ['$request_host', r => r.requestHost],
      ['$request_method', r => r.method],
      ['$request_proto', r => r.proto],
      ['$request_scheme', r => r.requestScheme],
      ['$request_uri', r => r.requestTarget],
      ['$request_url', r => formatUrl(r.requestScheme, r.originalHost, r.requestPath, r.requestQuery)],
      ['$upstream_addr', r => r.upstreamAddr],
      ['$upstream_host', r => hostOf(r.upstreamAddr)],
      ['$upstream_port', r => portOf(r.upstreamAddr)],
      ['$upstream_request_scheme', r => r.upstreamScheme],
      ['$upstream_request_uri', r => upstreamUri(r)],
      ['$upstream_request_url', r => formatUrl(r.upstreamScheme, r.upstreamAddr, r.upstreamPath, r.upstreamQuery)],
      ['$upstream_service', textField(r => r.upstreamService)],
    ]),
  }
}

/** For a text that is not from the wire, in UTF-8. The same one comes again and again. */
function textField(field: AccessField): AccessField {
  let text = ''
  let bytes = ''
  return record => {
    const value = field(record)
    if (value !== text) {
      text = value
      bytes = utf8Bytes(value)
    }
    return bytes
  }
}

/** Where the port begins; a colon inside the brackets of an IPv6 address is not it. */
function portStart(authority: string): number {
  const colon = authority.lastIndexOf(':')
  return colon === -1 || authority.endsWith(']') ? authority.length : colon
}

function hostOf(authority: string): string {
  return authority.slice(0, portStart(authority))
}

function portOf(authority: string): string {
  return authority.slice(portStart(authority) + 1)
}

function formatUrl(scheme: string, authority: string, path: string, query: string): string {
  // As Go writes a URL: with a scheme, the slashes stand also before an empty authority (HTTP/1.0 without Host).
  const slashes = authority !== '' || (scheme !== '' && path !== '') ? '//' : ''
  const start = `${scheme === '' ? '' : `${scheme}:`}${slashes}${authority}`
  return `${start}${path}${query === '' ? '' : `?${query}`}`
}

function upstreamUri(record: AccessRecord): string {
  if (record.upstreamScheme === '') return ''
  const path = record.upstreamPath === '' ? '/' : record.upstreamPath
  return record.upstreamQuery === '' ? path : `${path}?${record.upstreamQuery}`
}

/** The first `digits` decimals of a second, cut, not rounded. */
function decimals(digits: number): (nanoseconds: number) => string {
  const divisor = 10 ** (9 - digits)
  const one = 10 ** digits
  // The one in front keeps the leading zeros.
  return nanoseconds => String(one + Math.floor(nanoseconds / divisor)).slice(1)
}

function seconds(digits: number): AccessField {
  const format = decimals(digits)
  return r => `${Math.floor(r.durationNs / 1e9)}.${format(r.durationNs % 1e9)}`
}

function rfc3339(time: AccessTime, digits: number): AccessField {
  const format = decimals(digits)
  return r => `${time.rfc3339(r.endMs)}.${format(nanosecondsOf(r.endMs))}Z`
}

/** The time since the epoch in units of 10^-digits seconds. Put together as text: nanoseconds are more than a double holds. */
function unix(digits: number): AccessField {
  const format = decimals(digits)
  return r => String(Math.floor(r.endMs / 1000)) + format(nanosecondsOf(r.endMs))
}

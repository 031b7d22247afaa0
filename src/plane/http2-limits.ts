import type { ProxyConfig } from '../config/config.ts'
import type { Http2Limits } from '../proxy/http/http2-connection.ts'

/** `proxy.limit.*` as an HTTP/2 connection has to keep them. */
export function http2Limits(limit: ProxyConfig['limit'], idleTimeoutMs: number): Http2Limits {
  return {
    maxHeadBytes: limit.headerSize,
    maxHeaders: limit.headerCount,
    maxStreams: limit.http2Streams,
    maxResets: limit.http2Resets,
    headerTimeoutMs: limit.headerTimeoutMs,
    idleTimeoutMs,
  }
}

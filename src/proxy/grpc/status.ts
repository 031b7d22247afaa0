// gRPC status codes (https://grpc.io/docs/guides/status-codes/) as Fabio names and makes them.

import { ERROR } from '../../wire/http2-frames.ts'

export const GRPC = {
  ok: 0,
  canceled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const

/** The names that metrics know codes by: those of Go's library. */
const NAMES = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
]

/** The name of a code. Codes nobody has defined share one, so that an upstream cannot make any number of series. */
export function statusName(code: number): string {
  return NAMES[code] ?? 'Code(other)'
}

/** The value of a `grpc-status` field; what is no number counts as UNKNOWN. */
export function parseStatus(text: string): number {
  return /^[0-9]{1,9}$/.test(text) ? Number(text) : GRPC.unknown
}

/** How an upstream's RST_STREAM reads as a status (gRPC over HTTP/2, "Errors"). */
export function statusOfReset(code: number): number {
  switch (code) {
    case ERROR.refusedStream:
      return GRPC.unavailable
    case ERROR.cancel:
      return GRPC.canceled
    case ERROR.enhanceYourCalm:
      return GRPC.resourceExhausted
    case ERROR.inadequateSecurity:
      return GRPC.permissionDenied
    default:
      return GRPC.internal
  }
}

/** How the HTTP status of an answer that is not gRPC reads ("HTTP to gRPC Status Code Mapping"). */
export function statusOfHttp(status: number): number {
  switch (status) {
    case 400:
      return GRPC.internal
    case 401:
      return GRPC.unauthenticated
    case 403:
      return GRPC.permissionDenied
    case 404:
      return GRPC.unimplemented
    case 429:
    case 502:
    case 503:
    case 504:
      return GRPC.unavailable
    default:
      return GRPC.unknown
  }
}

/** A status message as it is written on the wire: UTF-8, percent-encoded but for visible ASCII other than `%`. */
export function encodeMessage(message: string): string {
  let encoded = ''
  for (const byte of Buffer.from(message, 'utf8')) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25
    encoded += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['H', 3_600_000],
  ['M', 60_000],
  ['S', 1000],
  ['m', 1],
  ['u', 1e-3],
  ['n', 1e-6],
])

/** `grpc-timeout` in milliseconds; undefined for what is none. */
export function parseTimeoutMs(text: string): number | undefined {
  const unitMs = UNIT_MS.get(text.at(-1) ?? '')
  const digits = text.slice(0, -1)
  if (unitMs === undefined || !/^[0-9]{1,8}$/.test(digits)) return undefined
  return Number(digits) * unitMs
}

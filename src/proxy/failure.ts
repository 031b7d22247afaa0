import type { LogLevel } from '../log/log.ts'

/** Why a request gets an answer of ours instead of the upstream's. */
export type FailureKind =
  | 'no-route'
  | 'access-denied'
  | 'unauthorized'
  | 'auth-busy'
  | 'upstream-unreachable'
  | 'upstream-busy'
  | 'upstream-closed'
  | 'upstream-timeout'
  | 'upstream-malformed'
  | 'unsupported-target'
  | 'service-down'
  | 'client-timeout'
  | 'client-gone'
  | 'internal-error'

export interface Reply {
  /** HTTP status; 0 where the configuration says which (`proxy.noroutestatus`). */
  readonly http: number
  /** gRPC status (https://grpc.io/docs/guides/status-codes/). */
  readonly grpc: number
  readonly body: string
  readonly level: LogLevel
}

/** How each failure looks from outside. Statuses are Fabio's: 502 and 504 for the network, 500 for what is not HTTP. */
export const REPLIES: Readonly<Record<FailureKind, Reply>> = {
  'no-route': { http: 0, grpc: 5, body: '', level: 'WARN' },
  'access-denied': { http: 403, grpc: 7, body: 'access denied\n', level: 'INFO' },
  unauthorized: { http: 401, grpc: 16, body: 'authorization failed\n', level: 'DEBUG' },
  'auth-busy': { http: 503, grpc: 14, body: '', level: 'WARN' },
  'upstream-unreachable': { http: 502, grpc: 14, body: '', level: 'ERROR' },
  'upstream-busy': { http: 503, grpc: 14, body: '', level: 'ERROR' },
  'upstream-closed': { http: 502, grpc: 14, body: '', level: 'ERROR' },
  'upstream-timeout': { http: 504, grpc: 4, body: '', level: 'ERROR' },
  'upstream-malformed': { http: 500, grpc: 13, body: '', level: 'ERROR' },
  'unsupported-target': { http: 500, grpc: 13, body: '', level: 'ERROR' },
  'service-down': { http: 503, grpc: 14, body: '', level: 'WARN' },
  'client-timeout': { http: 504, grpc: 4, body: '', level: 'ERROR' },
  'client-gone': { http: 499, grpc: 1, body: '', level: 'DEBUG' },
  'internal-error': { http: 500, grpc: 13, body: '', level: 'ERROR' },
}

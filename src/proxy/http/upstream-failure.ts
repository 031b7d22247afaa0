import type { UpstreamFault } from '../../upstream/http-connection.ts'
import type { FailureKind } from '../failure.ts'

const FAILURES: Readonly<Record<UpstreamFault, FailureKind>> = {
  connect: 'upstream-unreachable',
  'connect-timeout': 'upstream-timeout',
  tls: 'upstream-malformed',
  'no-answer': 'upstream-closed',
  'cut-head': 'upstream-malformed',
  malformed: 'upstream-malformed',
  'cut-body': 'upstream-closed',
  'head-timeout': 'upstream-timeout',
}

const WORDS: Readonly<Record<UpstreamFault, string>> = {
  connect: 'no connection',
  'connect-timeout': 'no connection in time',
  tls: 'no TLS',
  'no-answer': 'connection closed before the answer',
  'cut-head': 'connection closed within the head of the answer',
  malformed: 'malformed answer',
  'cut-body': 'connection closed within the body of the answer',
  'head-timeout': 'no answer in time',
}

/** What the client is told. */
export function failureOf(fault: UpstreamFault): FailureKind {
  return FAILURES[fault]
}

/** For the log, where no error says it better. */
export function describeFault(fault: UpstreamFault): string {
  return WORDS[fault]
}

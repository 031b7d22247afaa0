import type { Log } from '../../src/log/log.ts'

/** For tests in which nothing is said that matters. */
export const silentLog: Log = {
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error() {},
  fatal() {},
  isOn: () => false,
}

/** Metrics cannot be started as configured. The message names the option or the back end. */
export class MetricsError extends Error {
  override readonly name = 'MetricsError'
}

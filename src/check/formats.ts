import { AccessFormatError, compileAccessFormat } from '../log/access-log.ts'
import { MetricsError } from '../metrics/metrics-error.ts'
import { compileTargetNames, formatPrefix } from '../metrics/names.ts'
import type { Subject } from './subject.ts'

/** The texts with a syntax of their own that are compiled when the router starts. */
export function checkFormats(subject: Subject): void {
  const { config, findings, placeOf } = subject
  const { prefix, names } = config.metrics
  for (const { option, compile } of [
    { option: 'metrics.prefix', compile: () => formatPrefix(prefix) },
    { option: 'metrics.names', compile: () => compileTargetNames(names) },
  ]) {
    try {
      compile()
    } catch (cause) {
      if (!(cause instanceof MetricsError)) throw cause
      findings.error(placeOf(option), cause.message)
    }
  }
  checkAccessFormat(subject)
}

function checkAccessFormat({ config: { log, proxy }, findings, placeOf }: Subject): void {
  try {
    compileAccessFormat(log.accessFormat, { escape: log.accessEscape })
  } catch (cause) {
    if (!(cause instanceof AccessFormatError)) throw cause
    const isUsed = log.accessTarget === 'stdout' && proxy.listeners.some(({ proto }) => proto.startsWith('http'))
    const place = placeOf('log.access.format')
    if (isUsed) findings.error(place, `log.access.format: ${cause.message}`)
    else findings.warn(place, `log.access.format: ${cause.message}; it is not used now`)
  }
}

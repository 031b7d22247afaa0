import type { MetricsOptions } from '../../src/metrics/start-metrics.ts'

/** The defaults of the options, with the prefix of the fixtures and without a flush before the end. */
export function metricsOptions(changed: Partial<MetricsOptions>): MetricsOptions {
  return {
    targets: [],
    prefix: 'web1.fabio',
    names: '{{clean .Service}}.{{clean .Host}}.{{clean .Path}}.{{clean .TargetURL.Host}}',
    intervalMs: 3_600_000,
    graphiteAddr: '',
    statsdAddr: '',
    dogstatsdAddr: '',
    prometheus: { subsystem: '', buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] },
    circonus: { apiKey: '', apiApp: 'fabio', apiUrl: '', brokerId: '', checkId: '', submissionUrl: '' },
    ...changed,
  }
}

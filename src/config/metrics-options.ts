import {
  define,
  durationMs,
  floats,
  freeText,
  type list,
  type Option,
  type Reading,
  splitList,
  text,
} from './option.ts'
import { hideSecret, hideUrlCredentials } from './secrets.ts'

const TARGETS = ['stdout', 'flat', 'label', 'graphite', 'statsd_raw', 'dogstatsd', 'circonus', 'prometheus'] as const

/** `stdout` and `flat` are the same. */
export type MetricsTarget = (typeof TARGETS)[number]

export const metricsOptions = {
  targets: metricsTargets('metrics.target', '', 'where metrics go, comma separated; empty for nowhere', '', {
    example: 'prometheus,statsd_raw',
  }),
  prefix: freeText(
    'metrics.prefix',
    '{{clean .Hostname}}.{{clean .Exec}}',
    'template of the beginning of metric names',
  ),
  names: freeText(
    'metrics.names',
    '{{clean .Service}}.{{clean .Host}}.{{clean .Path}}.{{clean .TargetURL.Host}}',
    'template of the names of route metrics, for targets without labels',
  ),
  intervalMs: durationMs('metrics.interval', '30s', 'how often metrics are sent'),
  timeoutMs: durationMs('metrics.timeout', '10s', 'accepted; without effect since Fabio 1.6.0', '1.5.3'),
  retryMs: durationMs('metrics.retry', '500ms', 'accepted; without effect since Fabio 1.6.0', '1.5.3'),
  graphiteAddr: text('metrics.graphite.addr', '', 'host:port of Graphite'),
  statsdAddr: text('metrics.statsd.addr', '', 'host:port of statsd'),
  dogstatsdAddr: text('metrics.dogstatsd.addr', '', 'host:port of DogStatsD', '1.6.0'),
  prometheus: {
    subsystem: text('metrics.prometheus.subsystem', '', 'second part of the names of Prometheus metrics', '1.6.0'),
    path: text(
      'metrics.prometheus.path',
      '/metrics',
      'path of the metrics on listeners with proto=prometheus',
      '1.6.0',
    ),
    buckets: floats(
      'metrics.prometheus.buckets',
      '.005,.01,.025,.05,.1,.25,.5,1,2.5,5,10',
      'upper bounds of histogram buckets in seconds',
      '1.6.0',
    ),
  },
  circonus: {
    apiKey: freeText('metrics.circonus.apikey', '', 'API token of Circonus', '', { hide: hideSecret }),
    apiApp: text('metrics.circonus.apiapp', 'fabio', 'application of the API token of Circonus'),
    apiUrl: text('metrics.circonus.apiurl', '', 'URL of the API of Circonus; empty for the public one', '', {
      hide: hideUrlCredentials,
    }),
    brokerId: text('metrics.circonus.brokerid', '', 'Circonus broker to use'),
    checkId: text('metrics.circonus.checkid', '', 'Circonus check to send to'),
    submissionUrl: text(
      'metrics.circonus.submissionurl',
      '',
      'URL to send to, instead of asking the API of Circonus',
      '1.5.11',
      { hide: hideUrlCredentials },
    ),
  },
}

function metricsTargets(...line: Parameters<typeof list>): Option<readonly MetricsTarget[]> {
  return { ...define<readonly MetricsTarget[]>('list', line, parseTargets), words: TARGETS }
}

function parseTargets(text: string): Reading<readonly MetricsTarget[]> {
  const targets = new Set<MetricsTarget>()
  const words = splitList(text)
  for (const word of words) {
    // The former name, which Fabio refuses since 1.6.0. A file that has it starts all the same.
    const target = TARGETS.find(target => target === (word === 'statsd' ? 'statsd_raw' : word))
    if (target === undefined)
      return { kind: 'refused', reason: `invalid metrics backend ${word}; expected ${TARGETS.join(', ')}` }
    targets.add(target)
  }
  const value = [...targets]
  if (!words.includes('statsd')) return { kind: 'value', value }
  return {
    kind: 'replaced',
    value,
    warning: 'metrics.target: statsd is statsd_raw since Fabio 1.6.0, with other names and units; using that',
  }
}

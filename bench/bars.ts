import { type Kind, medianOf, type Results, type Row } from './results.ts'

/** What the project promises of its speed. */
export interface Bar {
  readonly title: string
  /** What was promised, in words. */
  readonly promise: string
  /** The measured figure; NaN when something of it is missing. */
  readonly value: number
  readonly isMet: boolean
  readonly unit: string
}

/** Every bar for which there are results. */
export function evaluateBars(results: Results): Bar[] {
  const all = Object.values(results).flatMap(({ rows }) => rows)
  const get = (scenario: string, peer: string, name: string, kind: Kind = 'maximum'): number =>
    medianOf(find(all, kind, scenario, peer), name)
  /** What a second of processor time carries. */
  const perCore = (scenario: string, peer: string): number => 1e6 / get(scenario, peer, 'cpuMicroseconds')
  const against = (scenario: string, peer: string): number => perCore(scenario, 'this') / perCore(scenario, peer)
  const atLeast = (title: string, value: number, bar: number, of: string): Bar => ({
    title,
    promise: `>= ${bar} x ${of}`,
    value,
    isMet: value >= bar,
    unit: 'x',
  })
  const atMost = (title: string, value: number, bar: number, unit: string, of = ''): Bar => ({
    title,
    promise: `<= ${Number(bar.toFixed(2))} ${unit}${of}`,
    value,
    isMet: value <= bar,
    unit,
  })
  const bestOf = (scenario: string): number => Math.min(against(scenario, 'undici'), against(scenario, 'http-proxy'))
  const bars = [
    atLeast('small GET, requests a core', against('small-get', 'fabio'), 5, 'Fabio'),
    atLeast('', against('small-get', 'haproxy'), 0.9, 'HAProxy'),
    atLeast('', bestOf('small-get'), 2, 'the better of the Node yardsticks'),
    atLeast('browser-like GET, requests a core', against('browser-get', 'fabio'), 5, 'Fabio'),
    ...[10_000, 100_000].flatMap(size => [
      atLeast(`${size} routes`, perCore(`paths-${size}`, 'this') / perCore('paths-10', 'this'), 0.95, '10 routes'),
      atLeast(`${size} hosts`, perCore(`hosts-${size}`, 'this') / perCore('hosts-10', 'this'), 0.95, '10 hosts'),
    ]),
    ...['answer-1m', 'upload-1m'].flatMap(name => [
      atLeast(name, against(name, 'fabio'), 1, 'Fabio'),
      atLeast('', against(name, 'haproxy'), 0.8, 'HAProxy'),
    ]),
    ...['new-connection', 'websocket', 'tcp'].map(name => atLeast(name, against(name, 'fabio'), 3, 'Fabio')),
    atLeast('over TLS, keep-alive', against('https', 'fabio'), 4, 'Fabio'),
    atLeast('whole TLS handshakes, ECDSA', against('handshakes', 'fabio'), 1, 'Fabio'),
    atLeast('whole TLS handshakes, RSA', against('handshakes-rsa', 'fabio'), 1, 'Fabio'),
    atLeast('tcp+sni, connections', against('tcp-sni', 'fabio'), 2, 'Fabio'),
    atLeast('HTTP/2', against('http2', 'fabio'), 3, 'Fabio'),
    atLeast('gRPC, unary', against('grpc', 'fabio'), 2, 'Fabio'),
    ...['small-get', 'browser-get', 'post-1k', 'answer-64k'].flatMap(name =>
      ['p99', 'p999'].map(quantile => {
        const theirs = get(name, 'fabio', quantile, 'fixed-rate')
        return atMost(`${name}, ${quantile}`, get(name, 'this', quantile, 'fixed-rate'), theirs, 'ms', ' (Fabio)')
      }),
    ),
    atMost(
      '10,000 idle connections',
      get('idle', 'this', 'idleBytes', 'idle') / 2 ** 20,
      get('idle', 'fabio', 'idleBytes', 'idle') / 2 ** 20,
      'MiB',
      ' (Fabio)',
    ),
    atMost('at rest, two workers', get('start', 'this', 'restBytes', 'start') / 1e6, 110, 'MB'),
    atMost('start to first answer', get('start', 'this', 'firstAnswerMs', 'start'), 400, 'ms'),
    atMost('access log and metrics', (perCore('unlogged', 'this') / perCore('logged', 'this') - 1) * 100, 15, '%'),
  ]
  return bars.filter(({ value }) => !Number.isNaN(value))
}

export function formatBars(bars: readonly Bar[]): string {
  const lines = bars.map(({ title, promise, value, isMet, unit }) => {
    const measured = `${value.toFixed(value < 10 ? 2 : 0)} ${unit}`
    return `  ${title.padEnd(36)}${measured.padStart(12)}   ${isMet ? 'met   ' : 'MISSED'}  ${promise}`
  })
  return `\nThe bars\n${lines.join('\n')}\n`
}

function find(rows: readonly Row[], kind: Kind, scenario: string, peer: string): Row | undefined {
  return rows.find(row => row.kind === kind && row.scenario === scenario && row.peer === peer)
}

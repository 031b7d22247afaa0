import type { Labels, Metrics } from '../../src/metrics/metrics.ts'

const target = (service: string, host: string, path: string, url: string): Labels => [
  ['service', service],
  ['host', host],
  ['path', path],
  ['target', url],
]

/** Counts what Fabio counted when the fixtures were recorded (fixtures/fabio-1.7.3/README.md). */
export function playScenario(metrics: Metrics): void {
  for (const name of [
    'notfound',
    'tcp.conn',
    'tcp.connfail',
    'tcp.noroute',
    'tcp_sni.conn',
    'tcp_sni.connfail',
    'tcp_sni.noroute',
  ]) {
    metrics.counter(name)
  }
  metrics.gauge('ws.conn').set(0)
  request(metrics, 'svc', 'a.com', '/', 'http://127.0.0.1:9001/', '200', 0.002933214)
  request(metrics, 'svc', 'a.com', '/', 'http://127.0.0.1:9001/', '503', 0.000555382)
  request(metrics, 'my.Svc', 'b.com', '/x/', 'http://127.0.0.1:9001/', '200', 0.000518728)
  metrics.counter('http.redirect.count', [['code', '301']]).add(1)
  metrics.counter('notfound').add(1)
  request(metrics, 'deadsvc', 'd.com', '/', 'http://127.0.0.1:9005/', '502', 0.000210121)
  metrics.gauge('ws.conn').add(1)
  metrics.gauge('ws.conn').add(-1)
  request(metrics, 'svc', 'a.com', '/', 'http://127.0.0.1:9001/', undefined, 0.203806708)
  metrics.counter('tcp.conn').add(1)
  bytes(metrics, target('tsvc', ':4000', '', 'tcp://127.0.0.1:9002'), 5, 5)
  metrics.counter('tcp_sni.conn').add(1)
  bytes(metrics, target('ssvc', 'sni.test', '/', 'tcp://127.0.0.1:9003'), 4048, 131)
  metrics.counter('tcp_sni.conn').add(1)
  metrics.counter('notfound').add(1)
  metrics.counter('tcp_sni.noroute').add(1)
  metrics.counter('grpc.conn').add(2)
  metrics.counter('grpc.noroute').add(1)
  metrics.histogram('route', target('gsvc', '', '/p.S', 'grpc://127.0.0.1:9004')).observe(0.009017118)
  metrics.histogram('grpc.requests').observe(0.009174941)
  metrics.histogram('grep.status', [['code', 'OK']]).observe(0.009174941)
  metrics.histogram('grpc.requests').observe(0.000056534)
  metrics.histogram('grep.status', [['code', 'NotFound']]).observe(0.000056534)
}

function request(
  metrics: Metrics,
  service: string,
  host: string,
  path: string,
  url: string,
  code: string | undefined,
  seconds: number,
): void {
  metrics.histogram('requests', [['service', service]]).observe(seconds)
  metrics.histogram('route', target(service, host, path, url)).observe(seconds)
  if (code === undefined) return
  metrics
    .histogram('http.status', [
      ['code', code],
      ['service', service],
    ])
    .observe(seconds)
}

function bytes(metrics: Metrics, labels: Labels, received: number, sent: number): void {
  metrics.counter('route.rx', labels).add(received)
  metrics.counter('route.tx', labels).add(sent)
}

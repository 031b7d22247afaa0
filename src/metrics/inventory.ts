/**
 * What is counted, by name, with the text Prometheus shows for it. docs/metrics.md says when each is recorded. Names without a
 * prefix of ours are Fabio's; those in `OURS` begin with `fabio.`, which none of Fabio's does, and go to Prometheus only.
 */
export const FABIO_METRICS: ReadonlyMap<string, string> = new Map([
  ['requests', 'Duration of proxied HTTP requests in seconds.'],
  ['http.status', 'Duration of proxied HTTP requests in seconds, by status code.'],
  ['http.redirect.count', 'Redirects answered.'],
  ['notfound', 'HTTP requests and TCP connections without a route.'],
  ['ws.conn', 'Open WebSocket connections.'],
  ['route', 'Duration of HTTP requests and gRPC calls in seconds, by target.'],
  ['route.rx', 'Bytes received from TCP targets.'],
  ['route.tx', 'Bytes sent to TCP targets.'],
  ['tcp.conn', 'TCP connections accepted.'],
  ['tcp.connfail', 'TCP connections to targets that failed.'],
  ['tcp.noroute', 'TCP connections without a route.'],
  ['tcp_sni.conn', 'TCP connections with SNI accepted.'],
  ['tcp_sni.connfail', 'TCP connections with SNI to targets that failed.'],
  ['tcp_sni.noroute', 'TCP connections with SNI without a route.'],
  ['grpc.conn', 'gRPC connections accepted.'],
  ['grpc.noroute', 'gRPC calls without a route.'],
  ['grpc.requests', 'Duration of gRPC calls in seconds.'],
  ['grep.status', 'Duration of gRPC calls in seconds, by gRPC status.'],
])

export const OUR_METRICS: ReadonlyMap<string, string> = new Map([
  ['fabio.event_loop_delay_seconds', 'How late the event loop of a thread ran since the last collection, by quantile.'],
  ['fabio.client_connections', 'Open connections of clients, by thread.'],
  ['fabio.upstream_connections', 'Open connections to targets, by thread and state (idle, busy).'],
  ['fabio.targets', 'Targets in the routing table.'],
  ['fabio.route_problems', 'Route definitions that cannot be used at present.'],
  ['fabio.route_conflicts', 'Routes whose definitions get in the way of each other.'],
  ['fabio.registry_age_seconds', 'Time since the registry last confirmed what is in the routing table.'],
  ['fabio.registry_stale', '1 while the registry cannot be read, or routes are those of a snapshot.'],
  ['fabio.registry_requests', 'Requests sent to the registry since the start.'],
  ['fabio.routes_held', 'Routes that stay although the registry says that they are gone, until it confirms it.'],
  ['fabio.certificate_expiry_seconds', 'When a certificate of a listener ends, in seconds since 1970.'],
  ['fabio.workers_replaced', 'Threads of the data plane that died and were replaced.'],
  ['fabio.access_log_lines_dropped', 'Access log lines that were not written because nobody read them.'],
  ['fabio.log_records_dropped', 'Log records that were not written because nobody read them.'],
])

/** Ours are for Prometheus only: a push back end would start to bill or store what nobody asked for. */
export function isOurs(name: string): boolean {
  return name.startsWith('fabio.')
}

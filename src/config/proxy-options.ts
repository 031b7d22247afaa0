import { bool, durationMs, headerName, headerText, integer, keyValues, list, oneOf, text } from './option.ts'
import { hideListSecrets } from './secrets.ts'

export const proxyOptions = {
  addr: keyValues('proxy.addr', ':9999', 'listeners that accept traffic', '', {
    example: ':80,:443;cs=edge;tlsmin=tls12,:3306;proto=tcp;rt=1h',
  }),
  cs: keyValues('proxy.cs', '', 'certificate sources that listeners refer to by name', '', {
    example: 'cs=edge;type=path;cert=/etc/fabio/certs',
    hide: hideListSecrets,
  }),
  auth: keyValues('proxy.auth', '', 'authorisation schemes that routes refer to by name', '1.5.11', {
    example: 'name=team;type=basic;file=/etc/fabio/htpasswd;refresh=30s',
  }),
  strategy: oneOf(['rnd', 'rr'], 'proxy.strategy', 'rnd', 'how a target is chosen, at random or in turn'),
  matcher: oneOf(['prefix', 'glob', 'iprefix'], 'proxy.matcher', 'prefix', 'how paths are matched'),
  noRouteKnown: oneOf(
    ['fallthrough', '503'],
    'proxy.noroute.known',
    'fallthrough',
    'a request for a service that is known and has no healthy instance: fallthrough takes another route or none, 503 answers so with Retry-After',
    'ours',
  ),
  noRouteStatus: integer('proxy.noroutestatus', '404', 'status of the answer when no route matches, 100 to 999'),
  maxConn: integer('proxy.maxconn', '10000', 'how many idle connections are kept for each upstream address'),
  shutdownWaitMs: durationMs('proxy.shutdownwait', '0s', 'time for requests in flight when the process stops'),
  deregisterGracePeriodMs: durationMs(
    'proxy.deregistergraceperiod',
    '0s',
    'time between leaving the registry and closing listeners',
    '1.6.3',
  ),
  dialTimeoutMs: durationMs('proxy.dialtimeout', '30s', 'time to connect to an upstream; 0 for no limit'),
  responseHeaderTimeoutMs: durationMs(
    'proxy.responseheadertimeout',
    '0s',
    'time an upstream has to begin its answer; 0 for no limit',
  ),
  keepAliveTimeoutMs: durationMs(
    'proxy.keepalivetimeout',
    '0s',
    'TCP keep-alive period of upstream connections; 0 means 15s, negative turns it off',
  ),
  idleConnTimeoutMs: durationMs(
    'proxy.idleconntimeout',
    '15s',
    'closes upstream connections that were idle this long; 0 for never',
    '1.6.0',
  ),
  readTimeoutMs: durationMs('proxy.readtimeout', '0s', 'value of rt for the listeners of proxy.addr that say none'),
  writeTimeoutMs: durationMs('proxy.writetimeout', '0s', 'value of wt for the listeners of proxy.addr that say none'),
  upgradeTimeoutMs: durationMs(
    'proxy.upgradetimeout',
    '0s',
    'time an upstream has to answer an upgrade (WebSocket); 0 means proxy.responseheadertimeout',
    'ours',
  ),
  flushIntervalMs: durationMs(
    'proxy.flushinterval',
    '1s',
    'how long parts of an answer to a text/event-stream request may be held back',
  ),
  globalFlushIntervalMs: durationMs(
    'proxy.globalflushinterval',
    '0s',
    'how long parts of any other answer may be held back; 0 leaves it to the buffers',
    '1.5.10',
  ),
  localIp: headerText('proxy.localip', '', 'our address in the Forwarded header', '', {
    example: '{{GetPrivateIP}}',
    defaultNote: 'the first address of this machine that is neither loopback nor link-local',
  }),
  header: {
    clientIp: headerName(
      'proxy.header.clientip',
      '',
      'name of a header that carries the client address to the upstream',
    ),
    tls: headerName('proxy.header.tls', '', 'name of a header that marks requests that came over TLS'),
    tlsValue: headerText('proxy.header.tls.value', '', 'value of the header of proxy.header.tls'),
    requestId: headerName('proxy.header.requestid', '', 'name of a header that gives each request a new UUID'),
    sts: {
      maxAgeSeconds: integer(
        'proxy.header.sts.maxage',
        '0',
        'seconds of Strict-Transport-Security on TLS answers; 0 for no such header',
        '1.5.7',
      ),
      subdomains: bool(
        'proxy.header.sts.subdomains',
        'false',
        'adds includeSubDomains to Strict-Transport-Security',
        '1.5.7',
      ),
      preload: bool('proxy.header.sts.preload', 'false', 'adds preload to Strict-Transport-Security', '1.5.7'),
    },
  },
  gzipContentType: text(
    'proxy.gzip.contenttype',
    '',
    'regular expression (RE2) of the content types to compress; empty for none',
    '',
    { example: '^(text/.*|application/(javascript|json|xml))(;.*)?$' },
  ),
  trustedProxies: list(
    'proxy.trustedproxies',
    '',
    'addresses and networks of proxies before this one: forwarded headers and PROXY headers of all others do not count; empty trusts everybody',
    'ours',
    { example: '10.0.0.0/8,192.0.2.1' },
  ),
  compat: oneOf(
    ['1.7', '1.8'],
    'proxy.compat',
    '1.7',
    'the release of Fabio to be like: 1.8 replaces X-Forwarded-Proto of everybody who is not in proxy.trustedproxies',
    'ours',
  ),
  upstream: {
    caPath: text(
      'proxy.upstream.ca',
      '',
      'file of authorities (PEM) that https targets may be from, besides those of the system',
      'ours',
    ),
  },
  limit: {
    headerSize: integer('proxy.limit.headersize', '1048576', 'most bytes of a request or response head', 'ours', {
      min: 1,
    }),
    headerCount: integer('proxy.limit.headercount', '1000', 'most header lines of a request or response', 'ours', {
      min: 1,
    }),
    headerTimeoutMs: durationMs(
      'proxy.limit.headertimeout',
      '60s',
      'time from the first byte of a request to the end of its head; 0 for no limit',
      'ours',
    ),
    clients: integer(
      'proxy.limit.clients',
      '0',
      'most open client connections of all workers together; 0 for no limit',
      'ours',
      { min: 0 },
    ),
    upstreamConns: integer(
      'proxy.limit.upstreamconns',
      '0',
      'most connections of one worker to one upstream address; 0 for no limit',
      'ours',
      { min: 0 },
    ),
    http2Streams: integer(
      'proxy.limit.http2streams',
      '250',
      'most requests at a time on one HTTP/2 connection of a client',
      'ours',
      { min: 1 },
    ),
    http2Resets: integer(
      'proxy.limit.http2resets',
      '1000',
      'requests that a client may cancel at once on one HTTP/2 connection; a thirtieth of it is forgiven every second',
      'ours',
      { min: 1 },
    ),
  },
  grpcMaxRxMsgSize: integer(
    'proxy.grpcmaxrxmsgsize',
    '4194304',
    'most bytes of a gRPC message from a client or from an upstream',
    '1.6.1',
  ),
  grpcMaxTxMsgSize: integer('proxy.grpcmaxtxmsgsize', '4194304', 'most bytes of a gRPC message to a client', '1.6.1'),
  grpcShutdownTimeoutMs: durationMs(
    'proxy.grpcshutdowntimeout',
    '2s',
    'time a gRPC upstream connection is kept after its target left the table',
    '1.6.4',
  ),
}

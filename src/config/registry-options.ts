import { bool, durationMs, freeText, integer, list, oneOf, preferablyOneOf, text } from './option.ts'
import { hideSecret, hideUrlCredentials } from './secrets.ts'

export const registryOptions = {
  backend: oneOf(['consul', 'static', 'file', 'custom'], 'registry.backend', 'consul', 'where routes come from', '', {
    refusal: backend => `Unknown registry backend ${backend}`,
  }),
  timeoutMs: durationMs('registry.timeout', '10s', 'how long the start tries to reach the registry'),
  retryMs: durationMs('registry.retry', '500ms', 'time between two attempts to reach the registry'),
  keepGood: bool(
    'registry.keepgood',
    'false',
    'a route tag that was good and is a mistake now leaves the last good one of its instance in force',
    'ours',
  ),
  isRequired: bool(
    'registry.required',
    'false',
    'ends the process when Consul cannot be reached within registry.timeout, as the original does, instead of starting without routes',
    'ours',
  ),
  deadlineMs: durationMs(
    'registry.deadline',
    '0s',
    'when the listeners open with what is known, although the registry has not said everything',
    'ours',
    { defaultNote: 'the value of registry.timeout' },
  ),
  staleLimitMs: durationMs(
    'registry.stale.limit',
    '0s',
    'how old routes may be while the registry cannot be read before /ready says 503; 0 for no limit',
    'ours',
  ),
  brake: {
    percent: integer(
      'registry.brake.percent',
      '50',
      'an update of Consul that withdraws more than this share of the routes is held back; 100 holds none',
      'ours',
      { min: 0 },
    ),
    routes: integer('registry.brake.routes', '10', 'and at least so many routes', 'ours', { min: 1 }),
    graceMs: durationMs(
      'registry.brake.grace',
      '30s',
      'how long it is held back at least, before a second, consistent read may confirm it',
      'ours',
    ),
  },
  snapshot: {
    path: text(
      'registry.snapshot.path',
      '',
      'file that keeps the last good routes of Consul, for a start while Consul is away; empty for none',
      'ours',
    ),
  },
  static: {
    routes: text('registry.static.routes', '', 'the route commands, lines separated by \\n', '', {
      example: 'route add web /web http://10.0.0.1:8080/\\nroute add api api.test/ http://10.0.0.2:8080/',
      hide: hideUrlCredentials,
    }),
    noRouteHtml: freeText('registry.static.noroutehtml', '', 'HTML of the answer when no route matches', '1.5.5'),
  },
  file: {
    path: text('registry.file.path', '', 'file with the route commands'),
    noRouteHtmlPath: text(
      'registry.file.noroutehtmlpath',
      '',
      'file with the HTML of the answer when no route matches',
      '1.5.5',
    ),
  },
  consul: {
    addr: text(
      'registry.consul.addr',
      'localhost:8500',
      'address of the Consul agent, optionally with http:// or https:// before it; several, separated by commas, stand in for each other',
      '',
      { hide: hideUrlCredentials },
    ),
    token: freeText('registry.consul.token', '', 'ACL token for Consul', '', { hide: hideSecret }),
    kvPath: text('registry.consul.kvpath', '/fabio/config', 'KV prefix of the manual routes'),
    noRouteHtmlPath: text(
      'registry.consul.noroutehtmlpath',
      '/fabio/noroute.html',
      'KV prefix of the HTML of the answer when no route matches',
      '1.5.5',
    ),
    tagPrefix: text('registry.consul.tagprefix', 'urlprefix-', 'beginning of the service tags that are routes'),
    namespace: text('registry.consul.namespace', '', 'namespace (Consul Enterprise) of every call', '1.6.8'),
    tls: {
      keyFile: text(
        'registry.consul.tls.keyfile',
        '',
        'private key of our client certificate; used if the address is https',
        '1.5.11',
      ),
      certFile: text(
        'registry.consul.tls.certfile',
        '',
        'our client certificate; used if the address is https',
        '1.5.11',
      ),
      caFile: text(
        'registry.consul.tls.cafile',
        '',
        'file of certificate authorities of the agent; used if the address is https',
        '1.5.11',
      ),
      caPath: text(
        'registry.consul.tls.capath',
        '',
        'directory of certificate authorities of the agent; used if the address is https',
        '1.5.11',
      ),
      insecureSkipVerify: bool(
        'registry.consul.tls.insecureskipverify',
        'false',
        'does not verify the certificate of the agent',
        '1.5.11',
      ),
    },
    register: {
      enabled: bool('registry.consul.register.enabled', 'true', 'registers this router as a service'),
      addr: freeText('registry.consul.register.addr', '', 'address to register', '', {
        defaultNote: 'the address of ui.addr',
      }),
      name: text('registry.consul.register.name', 'fabio', 'service name to register'),
      tags: list('registry.consul.register.tags', '', 'service tags to register'),
      checkIntervalMs: durationMs(
        'registry.consul.register.checkInterval',
        '1s',
        'interval of the HTTP check of our registration',
      ),
      checkTimeoutMs: durationMs(
        'registry.consul.register.checkTimeout',
        '3s',
        'timeout of the HTTP check of our registration',
      ),
      checkTlsSkipVerify: bool(
        'registry.consul.register.checkTLSSkipVerify',
        'false',
        'the HTTP check of our registration does not verify our certificate',
      ),
    },
    serviceStatus: list('registry.consul.service.status', 'passing', 'states of a check that count as healthy'),
    checksRequired: preferablyOneOf(
      ['one', 'all'],
      'registry.consul.checksRequired',
      'one',
      'how many checks of a service have to be healthy',
      '1.5.9',
    ),
    serviceMonitors: integer(
      'registry.consul.serviceMonitors',
      '1',
      'how many catalog requests run at the same time',
      '1.5.11',
    ),
    pollIntervalMs: durationMs(
      'registry.consul.pollinterval',
      '0s',
      'asks Consul in this interval; 0 waits for changes with blocking queries',
      '1.5.14',
    ),
    minIntervalMs: durationMs(
      'registry.consul.mininterval',
      '100ms',
      'least time from one query of a list to the next, up to a fifth longer at random: changes within it are one change',
      'ours',
    ),
    requireConsistent: bool('registry.consul.requireConsistent', 'true', 'asks Consul for consistent reads', '1.6.1'),
    allowStale: bool(
      'registry.consul.allowStale',
      'false',
      'allows Consul stale reads; needs requireConsistent = false',
      '1.6.1',
    ),
  },
  custom: {
    host: text('registry.custom.host', '', 'host:port of the JSON endpoint with the routes', '1.5.11', {
      hide: hideUrlCredentials,
    }),
    scheme: preferablyOneOf(['https', 'http'], 'registry.custom.scheme', 'https', 'scheme of the endpoint', '1.5.11'),
    path: text('registry.custom.path', '', 'path of the endpoint, without the leading slash', '1.5.11'),
    queryParams: text('registry.custom.queryparams', '', 'query of the endpoint, without the question mark', '1.5.11', {
      hide: hideUrlCredentials,
    }),
    noRouteHtml: freeText('registry.custom.noroutehtml', '', 'HTML of the answer when no route matches', '1.5.11'),
    checkTlsSkipVerify: bool(
      'registry.custom.checkTLSSkipVerify',
      'false',
      'does not verify the certificate of the endpoint',
      '1.5.11',
    ),
    timeoutMs: durationMs('registry.custom.timeout', '5s', 'time for one request to the endpoint', '1.5.11'),
    pollIntervalMs: durationMs(
      'registry.custom.pollinterval',
      '10s',
      'time between two requests to the endpoint',
      '1.5.14',
    ),
  },
}

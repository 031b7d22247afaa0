import { BAD_REGISTRATIONS, REFUSALS } from './parity-refusals.ts'
import { check, get, keysOf, kv, put, register, type Step, sortTags } from './parity-steps.ts'

/** Everything that shows what is registered. */
const LOOK: readonly Step[] = [
  get('agent/services'),
  get('agent/checks'),
  get('agent/service/web-1'),
  { ...get('catalog/services'), pick: sortTags },
  get('catalog/service/web'),
  get('catalog/node/NODE'),
  get('health/state/any'),
  get('health/state/passing'),
  get('health/state/critical'),
  get('health/node/NODE'),
  get('health/checks/web'),
  get('health/service/web'),
  get('health/service/web?passing'),
]

const READS: readonly Step[] = [
  { ...get('agent/self'), pick: value => [keysOf(value, 'Config'), keysOf(value, 'Member'), keysOf(value, 'Meta')] },
  get('agent/members'),
  get('agent/services'),
  get('agent/checks'),
  get('status/leader'),
  get('status/peers'),
  get('catalog/datacenters'),
  get('catalog/nodes'),
  get('catalog/nodes?near=_agent'),
  get('catalog/nodes?node-meta=a:b'),
  get('catalog/services'),
  get('catalog/service/consul'),
  get('catalog/service/CONSUL'),
  get('catalog/node/NODE'),
  get('catalog/node/none'),
  get('health/service/consul'),
  get('health/service/consul?passing'),
  get('health/service/consul?passing=0'),
  get('health/service/none'),
  get('health/checks/consul'),
  get('health/node/NODE'),
  get('health/node/none'),
  get('health/state/any'),
  get('health/state/any?consistent'),
  get('health/state/any?stale'),
  get('health/state/any?node-meta=a:b'),
  get('health/state/bogus'),
  get('health/state/Passing'),
  get('health/service/a/b'),
]

/** The life of a service, with a look at everything after each change. */
const SERVICES: readonly Step[] = [
  register({ ID: 'web-1', Name: 'web', Tags: ['urlprefix-/a', 'blue'], Port: 80, Check: { TTL: '1h' } }),
  ...LOOK,
  put('/v1/agent/check/pass/service:web-1?note=fine'),
  ...LOOK,
  register({
    ID: 'web-2',
    Name: 'web',
    Tags: ['Blue'],
    Address: '10.0.0.2',
    Port: 81,
    Meta: { a: 'b' },
    Weights: { Passing: 3 },
  }),
  register({ name: 'lower', port: 1, tags: null, check: {}, enable_tag_override: true }),
  register({
    ID: 'v6',
    Name: 'web',
    Address: '::1',
    Port: 82,
    TaggedAddresses: { lan: { Address: '10.0.0.3', Port: 5 } },
  }),
  register({ ID: 'named', Name: 'web', Address: 'web.example', Port: 83, Tags: ['blue', 'green'] }),
  ...LOOK,
  ...['catalog/service/web?tag=blue', 'catalog/service/web?tag=BLUE&tag=green', 'health/service/web?tag=green'].map(
    get,
  ),
  ...['catalog/service/web?tag=none', 'catalog/service/WEB', 'catalog/service/web?node-meta=a:b'].map(get),
  ...['agent/service/v6', 'agent/service/named', 'agent/service/lower', 'catalog/service/lower'].map(get),
  put('/v1/agent/check/warn/service:web-1'),
  ...LOOK,
  put('/v1/agent/check/update/service:web-1', { Status: 'critical', Output: 'x'.repeat(5000) }),
  ...LOOK,
  register({ ID: 'web-1', Name: 'web', Tags: ['urlprefix-/b'], Port: 80 }), // other tags, the check not named
  ...LOOK,
  put('/v1/agent/check/pass/service:web-1'),
  ...LOOK,
  register({
    ID: 'web-1',
    Name: 'web',
    Checks: [
      { TTL: '1h', Status: 'warning' },
      { CheckID: 'own', Name: 'Own', Notes: 'n', TTL: '1h' },
    ],
  }),
  ...LOOK,
  put('/v1/agent/service/register?replace-existing-checks=true', {
    ID: 'web-1',
    Name: 'web',
    Check: { TTL: '1h', Status: 'passing' },
  }),
  ...LOOK,
  put('/v1/agent/service/maintenance/web-1?enable=true'),
  put('/v1/agent/service/maintenance/web-1?enable=true&reason=another'),
  ...LOOK,
  put('/v1/agent/service/maintenance/web-1?enable=false'),
  put('/v1/agent/maintenance?enable=true&reason=because'),
  ...LOOK,
  put('/v1/agent/maintenance?enable=0'),
  check({ Name: 'disk', TTL: '1h', Status: 'passing' }),
  check({ ID: 'extra', Name: 'Extra', Notes: 'n', TTL: '1h', ServiceID: 'web-1', Status: 'warning' }),
  ...LOOK,
  put('/v1/agent/check/deregister/extra'),
  put('/v1/agent/check/deregister/disk'),
  ...['web-1', 'web-2', 'v6', 'named', 'lower'].map(id => put(`/v1/agent/service/deregister/${id}`)),
  ...LOOK,
]

/** Checks that run, and what they say. */
const RUNNING_CHECKS: readonly Step[] = [
  register({
    ID: 'web-1',
    Name: 'web',
    Checks: [
      { HTTP: 'http://TARGET/?status=200', Interval: '1s' },
      { HTTP: 'http://TARGET/?status=204', Interval: '1s', Method: 'PUT', Header: { 'X-Test': ['a'] }, Body: 'b' },
      { HTTP: 'http://TARGET/?status=429', Interval: '1s' },
      { HTTP: 'http://TARGET/?status=503', Interval: '1s' },
      { HTTP: 'http://TARGET/moved', Interval: '1s' },
      { HTTP: 'http://TARGET/', Interval: '1s', OutputMaxSize: 5 },
      { HTTP: 'http://127.0.0.1:1/', Interval: '1s' },
      { HTTP: 'https://TARGET/', Interval: '1s' },
      { HTTP: 'ftp://x/', Interval: '1s' },
      { TCP: 'TARGET', Interval: '1s' },
      { TCP: '127.0.0.1:1', Interval: '1s' },
      { TCP: '127.0.0.1', Interval: '1s' },
    ],
  }),
  get('agent/checks'),
  get('health/checks/web'),
  put('/v1/agent/check/pass/service:web-1:1'),
  put('/v1/agent/service/deregister/web-1'),
  check({ ID: 'short', Name: 'short', TTL: '100ms' }),
  get('agent/checks'),
  get('health/node/NODE'),
  put('/v1/agent/check/deregister/short'),
]

const KV: readonly Step[] = [
  ...['kv/', 'kv/a', 'kv/?keys', 'kv/?recurse', 'kv/a?keys', 'kv/a?recurse', 'kv/a?raw'].map(get),
  kv('', 'x'),
  kv('a', '1'),
  ...['kv/a', 'kv/a?raw', 'kv/a?consistent', 'kv/a?stale', 'kv/a?pretty', 'kv/a?dc=dc1'].map(get),
  kv('a?flags=42', '2'),
  get('kv/a'),
  kv('a?flags=18446744073709551615', '2'),
  { ...get('kv/a'), pick: value => JSON.stringify(value) },
  ...['a?cas=0', 'a?cas=1', 'a?cas=x', 'a?cas=', 'a?flags=x', 'a?flags=-1', 'a?flags=18446744073709551616'].map(path =>
    kv(path, '3'),
  ),
  ...['a?acquire=x&cas=1', 'new?cas=0', 'new?cas=0', 'other?cas=7'].map(path => kv(path, '4')),
  ...['a/b', 'a/c/d', 'a/c/e', 'b', 'dir/', 'sl%2Fash%20x', '%C3%BC', '__proto__', 'constructor'].map(path =>
    kv(path, path),
  ),
  kv('empty'),
  ...['kv/?keys', 'kv/?recurse', 'kv/a?recurse', 'kv/a/?recurse', 'kv/a?keys', 'kv/?keys&separator=/', 'kv/dir/'].map(
    get,
  ),
  ...[
    'kv/a/?keys&separator=/',
    'kv/a?keys&separator=c',
    'kv/empty',
    'kv/empty?raw',
    'kv/sl?recurse',
    'kv/__proto__',
  ].map(get),
  ...['kv/toString', 'kv/a?recurse&keys', 'kv/a?recurse&raw', 'kv/none?keys', 'kv/none?recurse', 'kv/%zz'].map(get),
  ...['a?cas=1', 'a?cas=0', 'none?cas=5', 'none', 'a?cas=', 'a?recurse&cas=1', ''].map(remove),
  ...['a', 'a', '__proto__'].map(remove),
  ...['kv/a', 'kv/a?recurse', 'kv/__proto__'].map(get),
  remove('a?recurse'),
  ...['kv/a?recurse', 'kv/?keys'].map(get),
  { method: 'PUT', path: '/v1/kv/big', body: new Uint8Array(512 * 1024) },
  { method: 'PUT', path: '/v1/kv/big', body: new Uint8Array(512 * 1024 + 1) },
  remove('?recurse'),
  get('kv/?keys'),
]

function remove(path: string): Step {
  return { method: 'DELETE', path: `/v1/kv/${path}` }
}

export const SCRIPT: readonly Step[] = [
  ...READS,
  ...REFUSALS,
  ...BAD_REGISTRATIONS,
  ...SERVICES,
  ...RUNNING_CHECKS,
  ...KV,
]

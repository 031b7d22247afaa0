import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildRedirectUrl } from '../../src/route/redirect.ts'
import type { Route, RouteTable } from '../../src/route/table.ts'
import { tableFromText } from './table-from-text.ts'

// Which route a request takes in Fabio 1.7.3. Rows with a remark differ from it on purpose. Paths are as they are after
// decoding and normalising.

interface Row {
  readonly host: string
  readonly path: string
  readonly service: string | undefined
  /** Set for a redirect. */
  readonly location?: string
  readonly query?: string
  readonly rawPath?: string
  readonly isTls?: boolean
  /** X-Forwarded-Proto */
  readonly proto?: string
}

function examples(name: string, table: RouteTable, rows: readonly Row[]): void {
  for (const row of rows) {
    const via = row.isTls === true ? 'https' : 'http'
    test(`${name}: ${via} ${row.host} ${row.path} goes to ${row.service ?? 'nobody'}`, () => {
      const { route, location } = request(table, row)
      assert.equal(route?.targets[0].service, row.service)
      assert.equal(location, row.location)
    })
  }
}

/** Looks up as a proxy does: a redirect to where the request is already is passed over. */
function request(table: RouteTable, row: Row): { route: Route | undefined; location: string | undefined } {
  const { host, path, isTls = false, query = '', rawPath = path, proto } = row
  let route = table.lookup(host, path, isTls)
  while (route !== undefined) {
    const { redirect } = route.targets[0]
    if (redirect === undefined) return { route, location: undefined }
    const url = buildRedirectUrl(redirect, { host, path, rawPath, query })
    if (url.scheme !== proto || url.host !== host || url.path !== path) return { route, location: url.location }
    route = table.lookupAfter(route, host, path, isTls)
  }
  return { route, location: undefined }
}

const HOSTS_AND_PATHS = `
route add root / http://10.0.0.1:80/
route add docs /docs http://10.0.0.2:80/
route add docsapi /docs/api http://10.0.0.3:80/
route add shop shop.test/ http://10.0.0.4:80/
route add cart shop.test/cart http://10.0.0.5:80/
route add any *.test/ http://10.0.0.6:80/
route add eu *.eu.test/ http://10.0.0.7:80/
route add euvip *.eu.test/vip http://10.0.0.8:80/
route add adm only.test/admin http://10.0.0.9:80/
route add mix MiXed.Test/CamelCase http://10.0.0.10:80/`

examples('hosts and paths', tableFromText(HOSTS_AND_PATHS), [
  { host: 'unknown.org', path: '/', service: 'root' },
  { host: 'unknown.org', path: '/docs', service: 'docs' },
  { host: 'unknown.org', path: '/docsify', service: 'docs' },
  { host: 'unknown.org', path: '/docs/api/v2', service: 'docsapi' },
  { host: 'unknown.org', path: '/DOCS', service: 'root' },
  { host: 'shop.test', path: '/x', service: 'shop' },
  { host: 'SHOP.Test:80', path: '/cart/9', service: 'cart' },
  { host: 'shop.test:443', path: '/', isTls: true, service: 'shop' },
  { host: 'shop.test:80', path: '/docs', isTls: true, service: 'docs' },
  { host: 'shop.test:8080', path: '/cart', service: 'root' },
  { host: 'blog.test', path: '/', service: 'any' },
  { host: 'fr.eu.test', path: '/', service: 'eu' },
  { host: 'fr.eu.test', path: '/vip/1', service: 'euvip' },
  { host: 'a.b.eu.test', path: '/', service: 'eu' },
  { host: 'eu.test', path: '/', service: 'any' },
  { host: '.test', path: '/', service: 'any' },
  { host: 'only.test', path: '/admin', service: 'adm' },
  { host: 'only.test', path: '/docs', service: 'any' },
  { host: 'mixed.test', path: '/CamelCase/1', service: 'mix' },
  { host: 'mixed.test', path: '/camelcase', service: 'any' },
  { host: '', path: '/docs', service: 'docs' },
  { host: 'shop.test', path: '/docs', service: 'shop' }, // asked for as /cart/../docs
  { host: 'shop.test', path: '/cart/1', service: 'cart' }, // asked for as //cart/1; Fabio takes cart for a host
  { host: 'shop.test', path: '/x?y', service: 'shop' }, // asked for as /x%3Fy
])

examples('no host patterns', tableFromText(HOSTS_AND_PATHS, { globHosts: false }), [
  { host: 'blog.test', path: '/', service: 'root' },
  { host: 'Shop.test', path: '/', service: 'shop' }, // Fabio compares as written then
  { host: '*.test', path: '/', service: 'any' },
])

examples(
  'ports',
  tableFromText(`
route add up plain.test:80/ https://plain.test$path opts "redirect=301"
route add app plain.test/ http://10.1.0.1:80/
route add alt plain.test:8080/ http://10.1.0.2:80/
route add tlsonly secure.test:443/ http://10.1.0.3:80/`),
  [
    { host: 'plain.test', path: '/p', query: 'q=1', service: 'up', location: 'https://plain.test/p?q=1' },
    { host: 'plain.test:80', path: '/p', service: 'up', location: 'https://plain.test/p' },
    { host: 'plain.test', path: '/p', isTls: true, service: 'app' },
    { host: 'plain.test', path: '/p', proto: 'https', service: 'app' },
    { host: 'plain.test:8080', path: '/p', service: 'alt' },
    { host: 'plain.test:9000', path: '/p', service: undefined },
    { host: 'secure.test', path: '/', isTls: true, service: 'tlsonly' },
    { host: 'secure.test', path: '/', service: undefined },
    { host: 'secure.test:443', path: '/', service: 'tlsonly' },
    { host: 'plain.test:80', path: '/', isTls: true, service: 'up', location: 'https://plain.test/' },
  ],
)

examples(
  'redirects',
  tableFromText(`
route add old old.test/ https://new.test/$path opts "redirect=302"
route add deep old.test/x https://new.test/y?z=1 opts "redirect=307"
route add hostkeep hk.test:8080/ https://$host/$path opts "redirect=308"
route add strip old.test/s https://new.test/t$path opts "redirect=301 strip=/s prepend=/p"
route add bad bad.test/ https://new.test/ opts "redirect=200"
route add loop loop.test/ https://loop.test/$path opts "redirect=301"
route add last / http://10.2.0.1:80/`),
  [
    { host: 'old.test', path: '/a/b', query: 'c=d', service: 'old', location: 'https://new.test/a/b?c=d' },
    { host: 'old.test', path: '/x/1', query: 'c=d', service: 'deep', location: 'https://new.test/y?z=1' },
    {
      host: 'hk.test:8080',
      path: '/a/b',
      rawPath: '/a%2Fb',
      service: 'hostkeep',
      location: 'https://hk.test:8080/a%2Fb',
    },
    { host: 'old.test', path: '/s/1', service: 'strip', location: 'https://new.test/t/p/1' },
    { host: 'bad.test', path: '/', service: 'bad' },
    { host: 'loop.test', path: '/a', proto: 'https', service: 'last' },
    { host: 'loop.test', path: '/a', isTls: true, proto: 'http', service: 'loop', location: 'https://loop.test/a' },
  ],
)

examples(
  'options do not matter for lookups',
  tableFromText(`
route add s1 st.test/api http://10.3.0.1:80/ opts "strip=/api"
route add s2 st.test/v1 http://10.3.0.2:80/ opts "prepend=/base"
route add s3 st.test/old http://10.3.0.3:80/ opts "strip=/old prepend=/new"
route add s4 st.test/q http://10.3.0.4:80/ignored/path?k=1
route add s5 st.test/sec https://10.3.0.5:8443 opts "host=dst tlsskipverify=true"
route add s6 st.test/fix http://10.3.0.6:80/ opts "host=backend.test"`),
  [
    { host: 'st.test', path: '/api/users', service: 's1' },
    { host: 'st.test', path: '/apixyz', service: 's1' },
    { host: 'st.test', path: '/api', service: 's1' },
    { host: 'st.test', path: '/v1/a', service: 's2' },
    { host: 'st.test', path: '/old/a', service: 's3' },
    { host: 'st.test', path: '/q/a', service: 's4' },
    { host: 'st.test', path: '/sec/a', service: 's5' },
    { host: 'st.test', path: '/fix/a', service: 's6' },
  ],
)

const PATTERNS = `
route add g1 /a/*/c http://10.4.0.1:80/
route add g2 /a/b http://10.4.0.2:80/
route add g3 /img/** http://10.4.0.3:80/
route add g4 /v[0-9]/x http://10.4.0.4:80/
route add g5 /{en,de}/home http://10.4.0.5:80/
route add g6 /en/home http://10.4.0.6:80/`

examples('path patterns', tableFromText(PATTERNS, { matcher: 'glob' }), [
  { host: 'h', path: '/a/b/c', service: 'g1' },
  { host: 'h', path: '/a/x/y/c', service: 'g1' },
  { host: 'h', path: '/a/b', service: 'g2' },
  { host: 'h', path: '/a/b/', service: undefined },
  { host: 'h', path: '/img/x/y.png', service: 'g3' },
  { host: 'h', path: '/img', service: undefined },
  { host: 'h', path: '/v7/x', service: 'g4' },
  { host: 'h', path: '/v10/x', service: undefined },
  { host: 'h', path: '/en/home', service: 'g5' }, // a brace sorts before letters
])

const CASES = `
route add ig1 /Docs http://10.5.0.1:80/
route add ig2 /docs/api http://10.5.0.2:80/
route add ig3 /LONG/PATH http://10.5.0.3:80/
route add ig4 /long http://10.5.0.4:80/ opts "strip=/long"`

examples('paths in any case', tableFromText(CASES, { matcher: 'iprefix' }), [
  { host: 'h', path: '/DOCS/x', service: 'ig1' },
  { host: 'h', path: '/Docs/API', service: 'ig2' },
  { host: 'h', path: '/long/path/1', service: 'ig3' }, // Fabio orders by case and finds /long first
  { host: 'h', path: '/LONG/z', service: 'ig4' },
])

const ODD_HOSTS = `
route add exact a.test/ http://10.7.0.1:80/
route add glob *a.test/ http://10.7.0.2:80/
route add num 1.test/ http://10.7.0.3:80/
route add q ?.test/ http://10.7.0.4:80/
route add star */ http://10.7.0.5:80/
route add v6 [::1]:9999/ http://10.7.0.6:80/
route add broken h[x/ http://10.7.0.7:80/`

examples('hosts that are patterns', tableFromText(ODD_HOSTS), [
  { host: 'a.test', path: '/', service: 'exact' }, // Fabio prefers *a.test
  { host: '1.test', path: '/', service: 'num' }, // Fabio prefers ?.test
  { host: 'b.test', path: '/', service: 'q' },
  { host: 'ba.test', path: '/', service: 'glob' },
  { host: 'anything', path: '/', service: 'star' },
  { host: '[::1]:9999', path: '/', service: 'v6' }, // Fabio takes the brackets for a set of characters
  { host: 'h[x', path: '/', service: 'broken' }, // Fabio stops answering any request
])

examples('hosts that look like patterns, no host patterns', tableFromText(ODD_HOSTS, { globHosts: false }), [
  { host: '[::1]:9999', path: '/', service: 'v6' },
  { host: 'ba.test', path: '/', service: undefined },
])

const KEYS = tableFromText(`
route add db :3306 tcp://10.6.0.1:3306
route add sni sni.test/ tcp://10.6.0.2:443
route add snipath snip.test/only tcp://10.6.0.3:443
route add wild *.wild.test/ tcp://10.6.0.4:443
route add web / http://10.6.0.5:80/`)

for (const { key, service } of [
  { key: ':3306', service: 'db' },
  { key: ':3307', service: undefined },
  { key: 'sni.test', service: 'sni' },
  { key: 'SNI.TEST', service: 'sni' },
  { key: 'snip.test', service: undefined },
  { key: 'x.wild.test', service: undefined },
  { key: '*.wild.test', service: 'wild' },
  { key: 'nope.test', service: undefined },
  { key: '', service: 'web' },
]) {
  test(`the exact key '${key}' goes to ${service ?? 'nobody'}`, () => {
    assert.equal(KEYS.lookupExact(key)?.targets[0].service, service)
  })
}

// The order of hosts that all fit, most specific first.
for (const { keys, host } of [
  { host: 'a.eu.test', keys: ['a.eu.test', '*.eu.test', '*.test'] },
  { host: 'x.test', keys: ['x.test', '*.test', '*'] },
  { host: 'plain.test', keys: ['plain.test:80', 'plain.test', '*.test:80', '*.test'] },
  { host: 'a.test', keys: ['a.test', '*a.test', '?.test', '*.test'] },
  { host: '[::1]', keys: ['[::1]:80', '[::1]'] },
]) {
  test(`${host} is looked for in ${keys.join(', ')}`, () => {
    const table = tableFromText(
      keys
        .toReversed()
        .map(key => `route add ${key} ${key}/ http://h:1/`)
        .join('\n'),
    )
    const found: string[] = []
    for (let route = table.lookup(host, '/', false); route; route = table.lookupAfter(route, host, '/', false)) {
      found.push(route.host)
    }
    assert.deepEqual(found, keys)
  })
}

test('a host that has no route for the path does not end the search', () => {
  const table = tableFromText(`
route add here a.test/here http://h:1/
route add wild *.test/wild http://h:1/
route add all /all http://h:1/`)
  for (const path of ['/here', '/wild', '/all']) {
    assert.equal(table.lookup('a.test', path, false)?.path, path)
  }
  assert.equal(table.lookup('a.test', '/none', false), undefined)
})

test('a host header with the default port twice loses it once', () => {
  const table = tableFromText('route add a a.test/ http://h:1/\nroute add b a.test:80/ http://h:1/')
  assert.equal(table.lookup('a.test:80:80', '/', false), undefined)
  assert.equal(
    tableFromText('route add c a.test:80:80/ http://h:1/').lookup('a.test:80:80', '/', false)?.host,
    'a.test:80:80',
  )
})

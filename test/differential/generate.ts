// Random routers and requests, the same for both sides. Everything comes from one seed, so that a difference can be had again.

/** Numbers like Math.random's, from a seed (mulberry32). */
export class Chance {
  private state: number

  constructor(seed: number) {
    this.state = seed >>> 0
  }

  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let t = this.state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }

  below(n: number): number {
    return Math.floor(this.next() * n)
  }

  /** True in one of n cases. */
  oneIn(n: number): boolean {
    return this.below(n) === 0
  }

  of<T>(list: readonly [T, ...T[]]): T {
    return list[this.below(list.length)] ?? list[0]
  }
}

/** What a release of the original knows; older ones are asked for less. */
export interface Abilities {
  readonly redirects: boolean
  readonly accessRules: boolean
  readonly prepend: boolean
  /** `host=name`; `host=dst` is older. */
  readonly hostNames: boolean
  readonly cleansPaths: boolean
  readonly globHosts: boolean
  /** Options belong to targets; before, the first target's held for all of a path. */
  readonly optionsPerTarget: boolean
  /** Hosts are compared without regard to case and to `:80`. */
  readonly foldsHosts: boolean
  /** `strip` leaves a slash at the beginning. */
  readonly strips: boolean
  /** X-Forwarded-Host is added. */
  readonly sendsHost: boolean
  /** `auth=`, and compression as it has been since; older ones did either otherwise or not at all. */
  readonly authenticates: boolean
  /** `glob.matching.disabled`, globs in paths with more than `*` within a segment, and `route weight` that may have no effect. */
  readonly matches: boolean
}

/** How the paths and hosts of a router are compared; its routes and its requests are chosen to fit. */
type Matching = 'prefix' | 'iprefix' | 'glob' | 'plain-hosts'

const MATCHINGS: readonly [Matching, ...Matching[]] = ['prefix', 'prefix', 'prefix', 'iprefix', 'glob', 'plain-hosts']

export interface GeneratedRouter {
  readonly matching: Matching
  /** With `{a}`, `{b}`, `{c}` for the ports of the upstreams, and `{htpasswd}` in a flag for the file of USERS. */
  readonly routes: string
  readonly flags: readonly string[]
}

/** user1 with `password` in SHA-1, plain with `secret`. */
export const USERS = 'user1:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\nplain:secret\n'
const TARGETS = ['http://127.0.0.1:{a}/', 'http://127.0.0.1:{b}/', 'http://127.0.0.1:{c}/'] as const

const HOSTS = ['', '', '', 'a.test', 'b.test', 'sub.a.test', 'A.Test', 'a.test:80', 'a.test:8080', 'c.test'] as const
const PLAIN_HOSTS = ['', '', 'a.test', 'b.test', 'sub.a.test', 'c.test'] as const
const GLOB_HOSTS = ['*.test', '*.a.test', '*.deep.a.test'] as const
const PATHS = ['/', '/a', '/a/', '/a/b', '/ab', '/A', '/foo', '/foo/bar', '/foo/bar/baz', '/api'] as const

/** Only lower case: which of two paths that differ in case comes first is a row in docs/differences.md. */
const FOLDED_PATHS = ['/', '/a', '/a/', '/a/b', '/ab', '/foo', '/foo/bar', '/foo/bar/baz', '/api'] as const
/** None whose ends could overlap (`b*b`, which the original lets match `b`): docs/differences.md has a row for that. */
const GLOB_PATHS = [
  '/*',
  '/a',
  '/a/*',
  '/a/*b',
  '/foo/**',
  '/{a,foo}/*',
  '/[ab]*',
  '/?',
  '/*bar',
  '/foo/[!a]*',
] as const

function generatePath(chance: Chance, matching: Matching): string {
  if (matching === 'glob') return chance.of(GLOB_PATHS)
  return chance.of(matching === 'iprefix' ? FOLDED_PATHS : PATHS)
}

function generateHost(chance: Chance, matching: Matching, able: Abilities): string {
  if (matching === 'plain-hosts' || !able.foldsHosts) return chance.of(PLAIN_HOSTS)
  return able.globHosts && chance.oneIn(4) ? chance.of(GLOB_HOSTS) : chance.of(HOSTS)
}

export function generateRouter(chance: Chance, able: Abilities): GeneratedRouter {
  const matching = able.matches ? chance.of(MATCHINGS) : 'prefix'
  const lines: string[] = []
  const optionsOfPath = new Map<string, string>()
  const pairs = 4 + chance.below(12)
  // Without it half of the requests would find no route.
  if (!chance.oneIn(4)) {
    const path = matching === 'glob' ? '/**' : '/'
    lines.push(generateAdd(chance, 'all', path, chance.of(TARGETS), ''))
    optionsOfPath.set(path, '')
  }
  for (let i = 0; i < pairs; i++) {
    const host = generateHost(chance, matching, able)
    const path = generatePath(chance, matching)
    const key = host.toLowerCase() + path
    const spread = 1 + (chance.oneIn(2) ? chance.below(3) : 0)
    for (let t = 0; t < spread; t++) {
      const shared = optionsOfPath.get(key)
      const options = !able.optionsPerTarget && shared !== undefined ? shared : generateOptions(chance, able)
      optionsOfPath.set(key, options)
      lines.push(generateAdd(chance, `svc${i}`, host + path, chance.of(TARGETS), options))
    }
  }
  if (chance.oneIn(3)) lines.push(`route del svc${chance.below(pairs)}`)
  if (chance.oneIn(3)) lines.push('route del tags "t1"')
  // Before 1.7.3 a command without an effect made all of the routes void.
  if (able.matches && chance.oneIn(3)) lines.push(`route weight svc${chance.below(pairs)} / weight 0.3`)
  if (able.matches && chance.oneIn(3)) lines.push('route weight a.test/ weight 0.7 tags "t2"')
  return { matching, routes: lines.join('\n'), flags: generateFlags(chance, matching, able) }
}

function generateAdd(chance: Chance, service: string, src: string, target: string, options: string): string {
  // With another status it is no redirect, and the target must be one that answers.
  const isRedirect = /redirect=3\d\d/.test(options)
  const query = chance.oneIn(6) ? '?k=v' : ''
  const redirects = [
    'https://to.test/',
    'https://to.test$path',
    'https://to.test/in/$path',
    'https://$host/$path',
    'https://to.test/fixed?q=1',
  ] as const
  let line = `route add ${service} ${src} ${isRedirect ? chance.of(redirects) : target + query}`
  if (chance.oneIn(4)) line += ` weight ${chance.of(['0.1', '0.25', '0.5', '0.9', '1', '2'])}`
  if (chance.oneIn(3)) line += ` tags "${chance.of(['t1', 't2', 't1,t2'])}"`
  if (options !== '') line += ` opts "${options}"`
  return line
}

function generateOptions(chance: Chance, able: Abilities): string {
  const options: string[] = []
  if (able.strips && chance.oneIn(4)) options.push(`strip=${chance.of(['/a', '/foo', '/foo/bar', '/nothing'])}`)
  if (able.prepend && chance.oneIn(5)) options.push(`prepend=${chance.of(['/pre', '/pre/', 'bare'])}`)
  if (chance.oneIn(5)) options.push(able.hostNames ? chance.of(['host=dst', 'host=inner.test']) : 'host=dst')
  if (able.redirects && chance.oneIn(8))
    options.push(`redirect=${chance.of(['301', '302', '303', '307', '308', '200', 'x'])}`)
  if (able.accessRules && chance.oneIn(6)) {
    options.push(
      chance.of([
        'allow=ip:127.0.0.0/8',
        'allow=ip:10.0.0.0/8',
        'deny=ip:127.0.0.1',
        'deny=ip:10.0.0.0/8,ip:fe80::/10',
      ]),
    )
  }
  if (able.authenticates && chance.oneIn(8)) options.push(chance.of(['auth=team', 'auth=team', 'auth=lost']))
  if (chance.oneIn(10)) options.push('unknown=x')
  return options.join(' ')
}

function generateFlags(chance: Chance, matching: Matching, able: Abilities): string[] {
  const flags = ['-proxy.strategy', 'rr', '-proxy.localip', '10.9.8.7']
  if (matching === 'plain-hosts') flags.push('-glob.matching.disabled=true')
  else if (matching !== 'prefix') flags.push('-proxy.matcher', matching)
  if (able.authenticates) {
    flags.push('-proxy.auth', 'name=team;type=basic;file={htpasswd};realm=Team area')
    if (chance.oneIn(3)) flags.push('-proxy.gzip.contenttype', '^text/plain(;.*)?$')
    if (chance.oneIn(4)) flags.push('-proxy.header.requestid', 'X-Request-Id')
    // On connections in the clear it must have no effect.
    if (chance.oneIn(4)) flags.push('-proxy.header.sts.maxage', '60')
  }
  if (chance.oneIn(3)) flags.push('-proxy.header.clientip', chance.of(['Client-Ip', 'X-Real-Ip', 'X-Client']))
  if (chance.oneIn(4)) flags.push('-proxy.header.tls', 'X-Tls', '-proxy.header.tls.value', 'yes')
  if (chance.oneIn(5)) flags.push('-proxy.noroutestatus', chance.of(['404', '503', '410']))
  return flags
}

const METHODS = ['GET', 'GET', 'GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'PROPFIND'] as const
const SEGMENTS = [
  'a',
  'b',
  'A',
  'ab',
  'foo',
  'bar',
  'baz',
  'api',
  'x%20y',
  'caf%C3%A9',
  'a+b',
  'a;b=1',
  '~x',
  'a%2Fb',
  '..',
  '.',
  '',
] as const
const PLAIN_SEGMENTS = ['a', 'b', 'A', 'ab', 'foo', 'bar', 'baz', 'api', 'a+b', '~x'] as const
const ASKED_HOSTS = [
  'a.test',
  'A.TEST',
  'b.test',
  'sub.a.test',
  'x.y.a.test',
  'a.test:80',
  'a.test:8080',
  'unknown.org',
  'q.deep.a.test',
] as const
const PLAIN_ASKED_HOSTS = ['a.test', 'b.test', 'sub.a.test', 'unknown.org'] as const
const QUERIES = ['', '', '', '?', '?a=1', '?a=1&b=%20', '?a=b?c', '?;=&'] as const

/** The bytes of one request, and what is needed to read its answer. */
export interface GeneratedRequest {
  readonly bytes: string
  readonly method: string
}

export function generateRequest(chance: Chance, matching: Matching, able: Abilities): GeneratedRequest {
  const method = chance.of(METHODS)
  const segments: string[] = []
  // Without cleaning, dot segments and doubled slashes are the upstream's affair, and the two routers differ on purpose.
  const choice = able.cleansPaths ? SEGMENTS : PLAIN_SEGMENTS
  for (let i = chance.below(4); i > 0; i--) segments.push(chance.of(choice as unknown as [string, ...string[]]))
  if (segments[0] === '') segments[0] = 'a'
  const path = `/${segments.join('/')}${chance.oneIn(4) && segments.length > 0 ? '/' : ''}`
  const host = chance.of(able.foldsHosts && matching !== 'plain-hosts' ? ASKED_HOSTS : PLAIN_ASKED_HOSTS)
  const headers = [`Host: ${host}`, ...generateHeaders(chance, able)]
  let body = ''
  if (method === 'POST' || method === 'PUT' || method === 'PATCH') {
    body = 'x'.repeat(chance.below(40))
    if (chance.oneIn(3)) {
      headers.push('Transfer-Encoding: chunked')
      body = `${body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`}0\r\n\r\n`
    } else {
      headers.push(`Content-Length: ${body.length}`)
    }
  }
  return { method, bytes: `${method} ${path}${chance.of(QUERIES)} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${body}` }
}

const CREDENTIALS = ['user1:password', 'user1:wrong', 'plain:secret', 'nobody:secret', 'plain'] as const

function generateHeaders(chance: Chance, able: Abilities): string[] {
  const headers = generatePlainHeaders(chance)
  if (!able.authenticates) return headers
  if (chance.oneIn(2)) headers.push(`Authorization: Basic ${Buffer.from(chance.of(CREDENTIALS)).toString('base64')}`)
  if (chance.oneIn(4) && !headers.includes('Accept-Encoding: br')) headers.push('Accept-Encoding: deflate, gzip')
  return headers
}

function generatePlainHeaders(chance: Chance): string[] {
  const possible = [
    'User-Agent: differential/1',
    'Accept-Encoding: br',
    'Accept: */*',
    'Cookie: a=1',
    'X-Forwarded-For: 1.2.3.4',
    'X-Forwarded-For: 10.1.1.1, 8.8.8.8',
    'X-Forwarded-For: junk',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Port: 444',
    'X-Forwarded-Host: orig.test',
    'X-Forwarded-Prefix: /was',
    'X-Real-Ip: 9.9.9.9',
    'Forwarded: for=1.1.1.1; proto=https',
    'Forwarded: for=1.1.1.1',
    'X-Tls: faked',
    'Client-Ip: 6.6.6.6',
    'X-Client: 6.6.6.6',
    'X-Request-Id: mine',
    'X-Forwarded-Proto:',
    'Forwarded: proto=wss;for=2.2.2.2',
    'Range: bytes=0-1',
    'If-None-Match: "x"',
    'Connection: keep-alive, X-Secret',
    'X-Secret: 1',
    'Keep-Alive: timeout=5',
    'TE: trailers',
    'TE: gzip',
    'Proxy-Authorization: Basic eA==',
    'Upgrade: something',
    'X-Empty:',
    'X-Multi: 1',
    'X-Multi: 2',
    `X-Reply: ${chance.below(8)}`,
  ]
  return possible.filter(() => chance.oneIn(9))
}

import fc from 'fast-check'
import type { TargetSpec } from '../../src/route/command.ts'
import type { RouteTableOptions } from '../../src/route/table.ts'
import { RouteTable } from '../../src/route/table.ts'
import { Target } from '../../src/route/target.ts'

export function spec(fields: Partial<TargetSpec> = {}): TargetSpec {
  return { service: 'svc', dst: 'http://10.0.0.1:80/', fixedWeight: 0, tags: [], options: [], ...fields }
}

/** An empty table with the defaults of the configuration. */
export function emptyTable(options: Partial<RouteTableOptions<Target>> = {}): RouteTable {
  return new RouteTable<Target>({
    matcher: 'prefix',
    globHosts: true,
    makeTarget: targetSpec => new Target(targetSpec),
    ...options,
  })
}

const label = fc.constantFrom('a', 'b', 'ab', 'test', 'A', 'é')
const port = fc.constantFrom('', '', '', ':80', ':443', ':8080')

/** Host headers: names with and without port, in any case, addresses, nonsense. */
export const requestHosts = fc.oneof(
  fc.tuple(fc.array(label, { maxLength: 4 }), port).map(([labels, suffix]) => labels.join('.') + suffix),
  fc.constantFrom(
    '',
    '.test',
    'a..test',
    'a.',
    '.',
    '[::1]',
    '[::1]:8080',
    '[::1]:80',
    ':80',
    ':3306',
    '*.test',
    'a.test:80:80',
    '[a',
  ),
)

const pattern = fc.constantFrom(
  '*',
  '*.test',
  '*.b.test',
  '*a.test',
  '?.test',
  '{a,b}.test',
  '{a,*b}.te*',
  'a*',
  '[ab].test',
)
const oddPattern = fc.constantFrom(
  '*.*',
  '**',
  '[!a].test',
  '\\a.test',
  '{a',
  'a[b',
  '[::1]',
  '{}',
  '*.a.b.test',
  '*b',
  '*.',
  '*..test',
  '*é.test',
)

/** Host keys of routes: names, patterns, patterns that do not compile, ports, and the one for all hosts. */
export const hostKeys = fc.oneof(
  { weight: 4, arbitrary: requestHosts.map(host => host.toLowerCase()) },
  { weight: 3, arbitrary: fc.tuple(pattern, port).map(([host, suffix]) => host + suffix) },
  { weight: 1, arbitrary: fc.tuple(oddPattern, port).map(([host, suffix]) => host + suffix) },
  { weight: 1, arbitrary: fc.constant('') },
)

const segment = fc.constantFrom('a', 'b', 'ab', 'A', 'aB', '', 'é', 'É')

export const requestPaths = fc.array(segment, { maxLength: 4 }).map(segments => `/${segments.join('/')}`)

const globSegment = fc.constantFrom('a', 'b', '*', 'a*', '?', '{a,b}', '[ab]', '[a', '\\a', '**', '{a,b', 'A')

/** Paths of routes: prefixes of those above, and patterns. */
export const routePaths = fc.oneof(
  { weight: 3, arbitrary: requestPaths },
  { weight: 2, arbitrary: fc.array(globSegment, { maxLength: 3 }).map(segments => `/${segments.join('/')}`) },
)

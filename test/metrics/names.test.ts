import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { test } from 'node:test'
import type { Labels } from '../../src/metrics/metrics.ts'
import { clean, compileNameTemplate } from '../../src/metrics/name-template.ts'
import {
  compileTargetNames,
  flatName,
  formatPrefix,
  formatTags,
  joinPrefix,
  lineName,
  prometheusName,
} from '../../src/metrics/names.ts'

const DEFAULT = '{{clean .Service}}.{{clean .Host}}.{{clean .Path}}.{{clean .TargetURL.Host}}'

function targetOf(service: string, host: string, path: string, target: string): Labels {
  return [
    ['service', service],
    ['host', host],
    ['path', path],
    ['target', target],
  ]
}

for (const { labels, template, expected } of [
  { labels: targetOf('s', 'h', 'p', 'http://foo.com/bar'), template: DEFAULT, expected: 's.h.p.foo_com' },
  { labels: targetOf('s', '', 'p', 'http://foo.com/bar'), template: DEFAULT, expected: 's._.p.foo_com' },
  { labels: targetOf('s', '', '', 'http://foo.com/bar'), template: DEFAULT, expected: 's._._.foo_com' },
  { labels: targetOf('', '', '', 'http://foo.com:1234/bar'), template: DEFAULT, expected: '_._._.foo_com_1234' },
  { labels: targetOf('', '', '', 'http://1.2.3.4:1234/bar'), template: DEFAULT, expected: '_._._.1_2_3_4_1234' },
  {
    labels: targetOf('web', 'www.a.com', '/', 'http://10.1.2.3:80/'),
    template: DEFAULT,
    expected: 'web.www_a_com./.10_1_2_3_80',
  },
  { labels: targetOf('Web', 'A.com', '/X', 'http://u:p@h:80?q'), template: DEFAULT, expected: 'web.a_com./x.h_80' },
  { labels: targetOf('s', 'h', '/', 'http://[::1]:80/'), template: DEFAULT, expected: 's.h./.[__1]_80' },
  {
    labels: targetOf('Svc', 'a.com', '/', 'no url'),
    template: 'x-{{.Service}}-{{ clean .Host }}',
    expected: 'x-Svc-a_com',
  },
  { labels: targetOf('s', 'h', '/', 'http://a:80/'), template: '{{.TargetURL.Host}}', expected: 'a:80' },
]) {
  test(`metrics.names=${template} makes ${expected}`, () => {
    const names = compileTargetNames(template)
    assert.equal(flatName('route', labels, names), expected)
    assert.equal(flatName('route.rx', labels, names), `${expected}.rx`)
  })
}

for (const { template, reason } of [
  {
    template: '{{.Foo}}',
    reason: /invalid Names template: '\{\{\.Foo\}\}' .* is not understood, expected \{\{clean \.Service\}\}/,
  },
  { template: '{{lower .Service}}', reason: /is not understood/ },
  { template: '{{.TargetURL}}', reason: /is not understood/ },
  { template: '{{ "x" }}', reason: /is not understood/ },
  { template: '{{- .Service -}}', reason: /is not understood/ },
  { template: '{{if .Service}}x{{end}}', reason: /is not understood/ },
  { template: '{{.Service', reason: /unclosed action/ },
  { template: '{{.Hostname}}', reason: /is not understood/ },
]) {
  test(`metrics.names=${template} is refused`, () => assert.throws(() => compileTargetNames(template), reason))
}

test('metrics.prefix knows host name and program', () => {
  assert.equal(formatPrefix('{{clean .Hostname}}.{{clean .Exec}}'), `${clean(hostname())}.fabio`)
  assert.equal(formatPrefix('default'), `${clean(hostname())}.fabio`)
  assert.equal(formatPrefix(''), '')
  assert.throws(() => formatPrefix('{{clean .Service}}'), /^MetricsError: metrics: invalid Prefix template: /)
})

test('a template without actions is literal text', () => {
  assert.equal(compileNameTemplate('a}}b{c', ['X'])({ X: 'x' }), 'a}}b{c')
})

for (const { prefix, expected } of [
  { prefix: 'web1.fabio', expected: 'web1.fabio.requests' },
  { prefix: 'web1.fabio.', expected: 'web1.fabio.requests' },
  { prefix: 'fabio_', expected: 'fabio_requests' },
  { prefix: 'fabio-', expected: 'fabio-requests' },
  { prefix: '', expected: 'requests' },
]) {
  test(`prefix '${prefix}' and requests are ${expected}`, () => assert.equal(joinPrefix(prefix, 'requests'), expected))
}

for (const { labels, expected } of [
  { labels: [['code', '200']], expected: 'http.status.code.200' },
  {
    labels: [
      ['code', 'OK'],
      ['service', 'My.svc:1'],
    ],
    expected: 'http.status.code.OK.service.My_svc_1',
  },
  { labels: [['code', '']], expected: 'http.status.code._' },
  { labels: [['code', 'a|b c\nd']], expected: 'http.status.code.a_b_c_d' },
] satisfies { labels: Labels; expected: string }[]) {
  test(`labels ${JSON.stringify(labels)} flatten to ${expected}`, () => {
    assert.equal(flatName('http.status', labels, compileTargetNames(DEFAULT)), expected)
  })
}

test('a whole name keeps its dots and slashes', () =>
  assert.equal(lineName('a.b/c-d:e|f g\u2028h;i'), 'a.b/c-d_e_f_g_h_i'))

test('tags keep colons, lose what ends a tag', () => {
  assert.equal(
    formatTags([
      ['target', 'http://10.0.0.1:80/'],
      ['path', '/a,b|c\nd'],
    ]),
    'target:http://10.0.0.1:80/,path:/a_b_c_d',
  )
})

for (const { parts, expected } of [
  { parts: ['web1_fabio', 'requests'], expected: 'web1_fabio_requests' },
  { parts: ['web-1_fabio', 'http_status'], expected: 'web_1_fabio_http_status' },
  { parts: ['1host', 'x'], expected: '_host_x' },
  { parts: ['ä/b', 'x'], expected: '__b_x' },
]) {
  test(`Prometheus calls ${parts.join(' ')} ${expected}`, () => assert.equal(prometheusName(parts), expected))
}

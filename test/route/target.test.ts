import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OptionPairs } from '../../src/route/command.ts'
import { Target } from '../../src/route/target.ts'
import { parseTargetOptions } from '../../src/route/target-options.ts'
import { spec } from './route-samples.ts'

for (const { dst, port, hostname } of [
  { dst: 'http://h', port: 80, hostname: 'h' },
  { dst: 'https://h/', port: 443, hostname: 'h' },
  { dst: 'grpc://h', port: 443, hostname: 'h' },
  { dst: 'grpcs://h', port: 443, hostname: 'h' },
  { dst: 'http://[::1]:8080/', port: 8080, hostname: '::1' },
  { dst: 'http://h:', port: 80, hostname: 'h' },
  { dst: 'tcp://h', port: 0, hostname: 'h' },
  { dst: 'http://h:99999/', port: 0, hostname: 'h' },
  { dst: 'foo', port: 0, hostname: '' },
]) {
  test(`${dst} is reached at port ${port} of '${hostname}'`, () => {
    const target = new Target(spec({ dst }))
    assert.deepEqual({ port: target.port, hostname: target.hostname }, { port, hostname })
  })
}

test('options are typed', () => {
  const text =
    'strip=/s prepend=/p host=dst tlsskipverify=true proto=https pxyproto=true redirect=308 auth=a grpcservername=g h2=true register=r'
  const { options, warnings } = parse(text)
  const { accessRules, ...rest } = options
  assert.equal(accessRules, undefined)
  assert.deepEqual(warnings, [])
  assert.deepEqual(rest, {
    strip: '/s',
    prepend: '/p',
    host: 'dst',
    tlsSkipVerify: true,
    proto: 'https',
    proxyVersion: 1,
    redirectStatus: 308,
    auth: 'a',
    grpcServerName: 'g',
    http2: true,
    register: 'r',
  })
})

test('an option without value is none, the last of several counts, and only true is true', () => {
  const { options } = parse('strip= prepend=/a prepend=/b tlsskipverify=1 pxyproto=TRUE')
  assert.equal(options.strip, undefined)
  assert.equal(options.prepend, '/b')
  assert.equal(options.tlsSkipVerify, false)
  assert.equal(options.proxyVersion, undefined)
})

test('pxyproto=v2 is a PROXY header of version 2', () => {
  assert.equal(parse('pxyproto=v2').options.proxyVersion, 2)
})

for (const { value, reason } of [
  { value: 'x', reason: 'redirect status code should be numeric in 3xx range. Got: x' },
  { value: '301x', reason: 'redirect status code should be numeric in 3xx range. Got: 301x' },
  { value: '200', reason: 'redirect status code should be in 3xx range. Got: 200' },
  { value: '400', reason: 'redirect status code should be in 3xx range. Got: 400' },
]) {
  test(`redirect=${value} is a warning, and no redirect`, () => {
    const target = new Target(spec({ options: [['redirect', value]] }))
    assert.equal(target.redirect, undefined)
    assert.deepEqual(
      target.warnings.map(warning => ({ option: warning.option, value: warning.value, reason: warning.reason })),
      [{ option: 'redirect', value, reason }],
    )
  })
}

for (const { dst, proto, isTcp } of [
  { dst: 'tcp://h:1', proto: undefined, isTcp: true },
  { dst: 'http://h:1', proto: undefined, isTcp: false },
  { dst: 'http://h:1', proto: 'tcp', isTcp: true },
  { dst: 'tcp://h:1', proto: 'https', isTcp: false },
  { dst: 'tcp://h:1', proto: '', isTcp: false },
]) {
  test(`${dst} with proto=${proto} ${isTcp ? 'is' : 'is not'} tcp`, () => {
    const options: OptionPairs = proto === undefined ? [] : [['proto', proto]]
    assert.equal(new Target(spec({ dst, options })).isTcp, isTcp)
  })
}

for (const { dst, text, name } of [
  { dst: 'https://h', text: 'host=n.test', name: 'n.test' },
  { dst: 'https://h', text: 'host=dst', name: undefined },
  { dst: 'http://h', text: 'host=n.test', name: undefined },
  { dst: 'http://h', text: 'host=n.test proto=https', name: 'n.test' },
]) {
  test(`${dst} with ${text} is expected to be ${name ?? 'itself'}`, () => {
    assert.equal(new Target({ ...spec({ dst }), options: pairs(text) }).tlsServerName, name)
  })
}

test('access rules that do not parse deny everybody and say why', () => {
  for (const { text, reason } of [
    {
      text: 'allow=ip:10.0.0.0/8x',
      reason: 'failed to parse CIDR ip:10.0.0.0/8x with error: invalid CIDR address: 10.0.0.0/8x',
    },
    {
      text: 'deny=ip:fe80::1,100.64.0.0/16',
      reason: 'invalid access item, expected <type>:<data>, got [100.64.0.0/16]',
    },
    {
      text: 'allow=ip:1.2.3.4 deny=ip:1.2.3.4',
      reason: 'specifying allow and deny on the same route is not supported',
    },
  ]) {
    const { options, warnings } = parse(text)
    assert.equal(warnings[0]?.reason, `failed to process access rules: ${reason}`)
    for (const address of ['10.0.0.1', '1.2.3.4', 'fe80::2']) assert.equal(options.accessRules?.allows(address), false)
  }
})

function pairs(text: string): OptionPairs {
  return text.split(' ').map(option => {
    const [name = '', ...value] = option.split('=')
    return [name, value.join('=')]
  })
}

function parse(text: string): ReturnType<typeof parseTargetOptions> {
  return parseTargetOptions(pairs(text))
}

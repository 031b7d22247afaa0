import assert from 'node:assert/strict'
import { BlockList, isIPv4, isIPv6 } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { AccessRuleError, parseAccessRules } from '../../src/route/access-rules.ts'
import { parseIpAddress } from '../../src/route/ip-address.ts'
import { fuzzRuns } from './fuzz-runs.ts'

const EXAMPLES: readonly { allow?: string; deny?: string; address: string; isAllowed: boolean }[] = [
  { allow: 'ip:10.0.0.0/8', address: '10.1.2.3', isAllowed: true },
  { allow: 'ip:10.0.0.0/8', address: '11.0.0.0', isAllowed: false },
  { allow: 'ip:10.0.0.7/8', address: '10.255.255.255', isAllowed: true }, // host bits do not count
  { allow: 'ip:10.0.0.1,ip:10.0.0.3', address: '10.0.0.2', isAllowed: false },
  { allow: ' IP : 10.0.0.1 , ip: 10.0.0.3', address: '10.0.0.3', isAllowed: true },
  { allow: 'ip:0.0.0.0/0', address: '255.255.255.255', isAllowed: true },
  { allow: 'ip:0.0.0.0/0', address: '::1', isAllowed: false },
  { allow: 'ip:fe80::/10', address: 'fe80::1', isAllowed: true },
  { allow: 'ip:fe80::/10', address: 'fe80::1%eth0', isAllowed: true },
  { allow: 'ip:fe80::/10', address: 'fec0::1', isAllowed: false },
  { allow: 'ip:::ffff:10.0.0.0/104', address: '10.9.9.9', isAllowed: true },
  { allow: 'ip:10.0.0.1', address: '::ffff:10.0.0.1', isAllowed: true },
  { allow: 'ip:::ffff:10.0.0.1', address: '10.0.0.1', isAllowed: true },
  { deny: 'ip:10.0.0.0/8', address: '10.1.2.3', isAllowed: false },
  { deny: 'ip:10.0.0.0/8', address: '192.0.2.1', isAllowed: true },
  { deny: 'ip:2001:db8::1', address: '2001:db8:0:0::1', isAllowed: false },
  { deny: 'ip:2001:db8::1', address: '2001:db8::2', isAllowed: true },
  { deny: 'ip:10.0.0.0/8', address: 'nonsense', isAllowed: false },
  { deny: 'ip:10.0.0.0/8', address: '', isAllowed: false },
]

for (const { allow = '', deny = '', address, isAllowed } of EXAMPLES) {
  test(`allow=${allow} deny=${deny} ${isAllowed ? 'lets in' : 'keeps out'} '${address}'`, () => {
    assert.equal(parseAccessRules({ allow, deny })?.allows(address), isAllowed)
  })
}

test('empty rules are none', () => assert.equal(parseAccessRules({ allow: '', deny: '' }), undefined))

// In the words of Fabio 1.7.3.
for (const { allow, message } of [
  { allow: '10.0.0.1', message: 'invalid access item, expected <type>:<data>, got [10.0.0.1]' },
  { allow: 'ip:10.0.0.1,', message: 'invalid access item, expected <type>:<data>, got []' },
  { allow: 'mac:00', message: 'unknown access item type: mac' },
  { allow: 'ip:', message: 'failed to parse IP ' },
  { allow: 'ip:1.2.3', message: 'failed to parse IP 1.2.3' },
  { allow: 'ip:1.2.3.04', message: 'failed to parse IP 1.2.3.04' },
  {
    allow: 'ip:1.2.3.4/33',
    message: 'failed to parse CIDR ip:1.2.3.4/33 with error: invalid CIDR address: 1.2.3.4/33',
  },
  { allow: 'ip:1.2.3.4/', message: 'failed to parse CIDR ip:1.2.3.4/ with error: invalid CIDR address: 1.2.3.4/' },
  { allow: 'ip:::/129', message: 'failed to parse CIDR ip:::/129 with error: invalid CIDR address: ::/129' },
  {
    allow: 'ip:fe80::1%a/64',
    message: 'failed to parse CIDR ip:fe80::1%a/64 with error: invalid CIDR address: fe80::1%a/64',
  },
]) {
  test(`allow=${allow} is refused: ${message}`, () => {
    assert.throws(() => parseAccessRules({ allow, deny: '' }), new AccessRuleError(message))
  })
}

const texts = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.string({ unit: fc.constantFrom('0', '1', '255', '256', '.', ':', '::', 'f', 'ffff', 'g', '00'), maxLength: 12 }),
)

test('a text is an address exactly when the system takes it for one', () => {
  fc.assert(
    fc.property(texts, text => {
      assert.equal(parseIpAddress(text) !== undefined, isIPv4(text) || isIPv6(text), text)
    }),
    fuzzRuns(5000),
  )
})

test('blocks hold the addresses the system says they hold', () => {
  const v4 = fc.record({
    network: fc.ipV4(),
    bits: fc.nat(32),
    address: fc.ipV4(),
    family: fc.constant('ipv4' as const),
  })
  const v6 = fc.record({
    network: fc.ipV6(),
    bits: fc.nat(128),
    address: fc.ipV6(),
    family: fc.constant('ipv6' as const),
  })
  fc.assert(
    fc.property(fc.oneof(v4, v6), fc.boolean(), ({ network, bits, address, family }, isNear) => {
      const asked = isNear ? network : address
      const list = new BlockList()
      list.addSubnet(network, bits, family)
      const rules = parseAccessRules({ allow: `ip:${network}/${bits}`, deny: '' })
      // Where an IPv6 text means an IPv4 address, the two differ on purpose.
      if (parseIpAddress(network)?.length !== parseIpAddress(asked)?.length) return
      assert.equal(rules?.allows(asked), list.check(asked, family), `${network}/${bits} ${asked}`)
    }),
    fuzzRuns(2000),
  )
})

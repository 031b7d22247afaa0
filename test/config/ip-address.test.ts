import assert from 'node:assert/strict'
import { test } from 'node:test'
import { containsNetwork, formatNetwork, type IpAddress, parseIpAddress } from '../../src/config/ip-address.ts'

function network(text: string): IpAddress {
  const address = parseIpAddress(text)
  assert.ok(address !== undefined)
  return address
}

for (const { text, formatted = text } of [
  { text: '10.1.2.3' },
  { text: '10.0.0.0/8' },
  { text: '10.1.2.3/32', formatted: '10.1.2.3' },
  { text: '::' },
  { text: '::1' },
  { text: 'fe80::1/10' },
  { text: '2001:db8:0:0:1:0:0:1', formatted: '2001:db8::1:0:0:1' },
  { text: '2001:DB8:1:2:3:4:5:6', formatted: '2001:db8:1:2:3:4:5:6' },
  { text: '1:0:2:3:4:5:6:7' },
  { text: '::ffff:10.1.2.3', formatted: '10.1.2.3' },
  { text: '64:ff9b::192.0.2.33', formatted: '64:ff9b::c000:221' },
]) {
  test(`'${text}' is written '${formatted}'`, () => assert.equal(formatNetwork(network(text)), formatted))
}

for (const text of [
  '',
  'x',
  '10.1.2',
  '10.1.2.3/33',
  '::1/129',
  '10.1.2.3/',
  '1::2::3',
  'fe80::1%eth0',
  '10.1.2.3/-1',
  '01.2.3.4',
]) {
  test(`'${text}' is no address`, () => assert.equal(parseIpAddress(text), undefined))
}

test('a network contains itself and what is smaller, of its own family', () => {
  assert.ok(containsNetwork(network('10.0.0.0/8'), network('10.1.2.3')))
  assert.ok(containsNetwork(network('10.0.0.0/8'), network('10.0.0.0/8')))
  assert.ok(!containsNetwork(network('10.0.0.0/8'), network('10.0.0.0/7')))
  assert.ok(!containsNetwork(network('10.0.0.0/8'), network('11.0.0.0')))
  assert.ok(!containsNetwork(network('::/0'), network('10.0.0.0')))
})

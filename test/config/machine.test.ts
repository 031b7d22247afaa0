import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatNetwork } from '../../src/config/ip-address.ts'
import { parseDefaultInterface, parseServices, readMachine } from '../../src/config/machine.ts'

const ROUTES = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
wlan0	00000000	0102A8C0	0003	0	0	600	00000000	0	0	0
eth0	00000000	010200C0	0003	0	0	100	00000000	0	0	0
eth0	000200C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
`

test('the default route of the least metric names the default interface', () => {
  assert.equal(parseDefaultInterface(ROUTES), 'eth0')
  assert.equal(parseDefaultInterface(ROUTES.split('\n').slice(0, 1).join('\n')), undefined)
})

test('services are known by name and alias, for TCP only', () => {
  const services = parseServices('# comment\nhttp-alt\t8080/tcp  webcache http_alt # more\ntftp 69/udp\n')
  assert.equal(services.get('http-alt'), 8080)
  assert.equal(services.get('webcache'), 8080)
  assert.equal(services.get('https'), 443)
  assert.equal(services.get('tftp'), undefined)
  assert.equal(services.get('more'), undefined)
})

test('this machine has a loopback address, cores and a folder for temporary files', () => {
  const machine = readMachine()
  const loopback = machine.addresses.find(address => formatNetwork(address) === '127.0.0.1/8')
  assert.ok(loopback?.interfaceFlags.includes('loopback'))
  assert.ok(machine.cores >= 1)
  assert.notEqual(machine.temporaryDirectory, '')
})

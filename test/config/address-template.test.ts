import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expandAddressTemplate } from '../../src/config/address-template.ts'
import { ConfigError } from '../../src/config/config-error.ts'
import { MACHINE } from './load-from.ts'

for (const { template, text } of [
  { template: ':9999', text: ':9999' },
  { template: '{{GetPrivateIP}}:9999', text: '10.1.2.3:9999' },
  { template: '{{ GetPublicIP }}', text: '203.0.114.9' },
  { template: '{{GetPrivateIPs}}', text: '192.168.7.1 10.1.2.3 fd00::2' },
  { template: '{{GetPublicIPs}}', text: '203.0.114.9 2a01:4f8::17' },
  { template: '{{ GetInterfaceIP "eth1" }}:9998', text: '192.168.7.1:9998' },
  { template: '{{GetInterfaceIPs "eth1"}}', text: '192.168.7.1 fd00::2 2a01:4f8::17' },
  { template: '{{GetInterfaceIP "none"}}:1', text: ':1' },
  { template: '{{GetDefaultInterfaces | join "address" ","}}', text: '203.0.114.9,10.1.2.3,fe80::42:1' },
  { template: '{{GetPrivateInterfaces | attr "network"}}', text: '10.1.2.0' },
  { template: '{{GetPublicInterfaces | limit 1 | attr "name"}}', text: 'eth0' },
  { template: '{{GetAllInterfaces | include "network" "10.0.0.0/8" | attr "address"}}:80', text: '10.1.2.3:80' },
  {
    template: '{{. | exclude "type" "IPv6" | sort "-address" | join "address" " "}}',
    text: '203.0.114.9 192.168.7.1 127.0.0.1 10.1.2.3',
  },
  { template: '{{. | include "flags" "loopback" | include "type" "ipv6" | attr "string"}}', text: '::1' },
  { template: '{{. | include "rfc" "4193" | attr "string"}}', text: 'fd00::2/48' },
  { template: '{{. | include "size" "24" | attr "broadcast"}}', text: '10.1.2.255' },
  { template: '{{. | sort "name" | unique "name" | join "name" ","}}', text: 'eth0,eth1,lo' },
  { template: '{{. | offset 3 | limit 1 | math "network" "+10" | attr "address"}}', text: '10.1.2.10' },
  { template: '{{. | offset -1 | math "mask" "32" | attr "string"}}', text: '2a01:4f8::/32' },
  { template: '{{ printf "%s:%d" (GetInterfaceIP "eth1") 80 }}', text: '192.168.7.1:80' },
  { template: '{{if GetInterfaceIP "tun0"}}a{{else if eq "x" "y"}}b{{else}}c{{end}}:1', text: 'c:1' },
  { template: 'x {{- /* nothing */ -}} y{{"}}"}}', text: 'xy}}' },
  { template: '{{`raw`}}{{"\\x41"}}', text: 'rawA' },
]) {
  test(`'${template}' is '${text}'`, () => assert.equal(expandAddressTemplate(template, MACHINE), text))
}

for (const { template, message } of [
  {
    template: '{{foo}}:1',
    message: 'unable to parse template "{{foo}}:1": template: sockaddr.Parse:1: function "foo" not defined',
  },
  { template: '{{', message: 'unable to parse template "{{": template: sockaddr.Parse:1: unclosed action' },
  {
    template: '{{}}',
    message: 'unable to parse template "{{}}": template: sockaddr.Parse:1: missing value for command',
  },
  {
    template: '{{if true}}',
    message:
      'unable to parse template "{{if true}}": template: sockaddr.Parse:1: unexpected EOF: {{if}} without {{end}}',
  },
  {
    template: '{{end}}',
    message: 'unable to parse template "{{end}}": template: sockaddr.Parse:1: unexpected {{end}}',
  },
  {
    template: '{{range .}}',
    message:
      'unable to parse template "{{range .}}": template: sockaddr.Parse:1: {{range}} is not supported in addresses',
  },
  {
    template: '{{.}}',
    message: 'unable to execute sockaddr input "{{.}}": a list of addresses is no text; use attr or join',
  },
  {
    template: '{{. | attr "x"}}',
    message:
      'unable to execute sockaddr input "{{. | attr \\"x\\"}}": error calling attr: unsupported attribute name "x"',
  },
  {
    template: '{{GetInterfaceIP}}',
    message:
      'unable to execute sockaddr input "{{GetInterfaceIP}}": error calling GetInterfaceIP: argument 1 must be text in quotes',
  },
  {
    template: '{{"a" "b"}}',
    message: `unable to execute sockaddr input "{{\\"a\\" \\"b\\"}}": can't give argument to non-function`,
  },
]) {
  test(`'${template}' is refused`, () => {
    assert.throws(
      () => expandAddressTemplate(template, MACHINE),
      error => error instanceof ConfigError && error.message === message,
    )
  })
}

test('without a default route, interfaces come in their order', () => {
  const machine = { ...MACHINE, defaultInterface: undefined }
  assert.equal(expandAddressTemplate('{{GetPrivateIP}}', machine), '192.168.7.1')
  assert.throws(
    () => expandAddressTemplate('{{GetDefaultInterfaces | attr "name"}}', machine),
    /No default interface found/,
  )
})

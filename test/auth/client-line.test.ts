import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientLine } from '../../src/auth/client-line.ts'

for (const { address, line } of [
  { address: '192.0.2.1', line: '192.0.2.1' },
  { address: '::ffff:192.0.2.1', line: '::ffff:192.0.2.1' },
  { address: '2001:db8:1:2:3:4:5:6', line: '2001:db8:1:2' },
  { address: '2001:db8:1:2::1', line: '2001:db8:1:2' },
  { address: '2001:db8::1', line: '2001:db8:0:0' },
  { address: '2001:db8::3:4:5:6', line: '2001:db8:0:0' },
  { address: '2001:db8::2:3:4:5:6', line: '2001:db8:0:2' },
  { address: 'fe80::1%eth0', line: 'fe80:0:0:0' },
  { address: '::1', line: '0:0:0:0' },
  { address: '::', line: '0:0:0:0' },
  { address: '2001:db8:1:2:3:4:5::', line: '2001:db8:1:2' },
  { address: '', line: '' },
]) {
  test(`'${address}' stands in the line of '${line}'`, () => assert.equal(clientLine(address), line))
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatHelp } from '../../src/config/help.ts'

const HELP = formatHelp('fabio')

for (const entry of [
  'Usage of fabio:\n',
  '\n  -proxy.addr string\n    \tlisteners that accept traffic (default ":9999")\n',
  '\n  -insecure\n    \tsays that running as root is intended; only changes the warning\n',
  '\n  -registry.consul.register.enabled\n    \tregisters this router as a service (default true)\n',
  '\n  -proxy.dialtimeout duration\n    \ttime to connect to an upstream; 0 for no limit (default 30s)\n',
  '\n  -proxy.shutdownwait duration\n    \ttime for requests in flight when the process stops\n',
  '\n  -registry.consul.service.status value\n    \tstates of a check that count as healthy (default passing)\n',
  '\n  -bgp.asn uint\n',
  '\n  -runtime.gomaxprocs int\n    \thow many cores the data plane uses (default the number of cores)\n',
  '\n  -cfg string\n    \tpath or URL of the properties file\n',
  '\n  -dev\n    \tdevelopment mode',
]) {
  test(`the help has ${JSON.stringify(entry)}`, () => assert.ok(HELP.includes(entry)))
}

test('the help is sorted by name', () => {
  const names = [...HELP.matchAll(/^ {2}-(\S+)/gm)].map(([, name]) => name)
  assert.deepEqual(names, names.toSorted())
  assert.ok(names.length > 120)
})

test('the help does not offer what is gone', () => assert.doesNotMatch(HELP, /tracing|pollinginterval/))

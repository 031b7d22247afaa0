import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CommandLine, parseCommandLine, wantsCheck } from '../../src/config/command-line.ts'
import { ConfigError } from '../../src/config/config-error.ts'

type Run = Extract<CommandLine, { kind: 'run' }>

function run(argv: readonly string[]): Run {
  const commandLine = parseCommandLine(argv)
  assert.equal(commandLine.kind, 'run')
  return commandLine as Run
}

for (const argv of [
  ['-v'],
  ['-version'],
  ['--version'],
  ['-a', '-v', '-b'],
  ['./fabio', '-v'],
  ['-proxy.addr', ':80', '-v'],
]) {
  test(`${argv.join(' ')} asks for the version`, () => assert.deepEqual(parseCommandLine(argv), { kind: 'version' }))
}

for (const argv of [['-h'], ['-help'], ['--help'], ['-ui.title', 'x', '-help', '-nonsense']]) {
  test(`${argv.join(' ')} asks for help`, () => assert.deepEqual(parseCommandLine(argv), { kind: 'help' }))
}

for (const argv of [['--v'], ['-v=true'], ['-version=false'], ['--', '-v']]) {
  test(`${argv.join(' ')} does not ask for the version`, () => assert.equal(parseCommandLine(argv).kind, 'run'))
}

test('-v is a value where a value is due', () => {
  assert.equal(run(['-ui.title', '-v']).flags.get('ui.title'), '-v')
})

for (const { argv, path } of [
  { argv: ['-cfg', '/a'], path: '/a' },
  { argv: ['--cfg', '/a'], path: '/a' },
  { argv: ['-cfg=/a'], path: '/a' },
  { argv: ["--cfg='/a b'"], path: '/a b' },
  { argv: ['-cfg="/a"'], path: '/a' },
  { argv: ['-cfg', '/a', '-cfg=/b'], path: '/b' },
  { argv: ['./fabio', '-cfg', '/a'], path: '/a' },
  { argv: ['--', '-cfg', '/a'], path: '/a' },
  { argv: ['-cfg', '-v'], path: '-v' },
  { argv: ['-proxy.addr', '-cfg', '/a', ':80'], path: '/a' },
]) {
  test(`${argv.join(' ')} names the file ${path}`, () => assert.equal(run(argv).configPath, path))
}

for (const argv of [['-cfg'], ['-cfg='], ["-cfg=''"], ['-cfg=""'], ['-cfg', '']]) {
  test(`${argv.join(' ')} names no file`, () => {
    const isRefusal = (error: unknown) =>
      error instanceof ConfigError && error.exitCode === 1 && error.message === 'invalid or missing path to config file'
    assert.throws(() => parseCommandLine(argv), isRefusal)
  })
}

for (const { argv, flags, ignored = [] } of [
  { argv: [], flags: {} },
  { argv: ['-proxy.addr', ':80'], flags: { 'proxy.addr': ':80' } },
  { argv: ['--proxy.addr=:80'], flags: { 'proxy.addr': ':80' } },
  { argv: ['-proxy.addr='], flags: { 'proxy.addr': '' } },
  { argv: ['-ui.title', '-x=y'], flags: { 'ui.title': '-x=y' } },
  { argv: ['-ui.title=a=b'], flags: { 'ui.title': 'a=b' } },
  { argv: ['-ui.title', 'a', '-ui.title', 'b'], flags: { 'ui.title': 'b' } },
  { argv: ['-insecure'], flags: { insecure: 'true' } },
  { argv: ['-insecure=F'], flags: { insecure: 'F' } },
  { argv: ['-insecure', 'false', '-ui.title', 'x'], flags: { insecure: 'false', 'ui.title': 'x' } },
  { argv: ['-insecure', 'x', '-ui.title', 'y'], flags: { insecure: 'true', 'ui.title': 'y' }, ignored: ['x'] },
  { argv: ['./fabio', '-ui.title', 'y'], flags: { 'ui.title': 'y' }, ignored: ['./fabio'] },
  { argv: ['-ui.title', 'y', '-', 'z'], flags: { 'ui.title': 'y' }, ignored: ['-', 'z'] },
  { argv: ['--', '-ui.title', 'y'], flags: {}, ignored: ['-ui.title', 'y'] },
  { argv: ['-test.v', '-test.run=x'], flags: {} },
  { argv: ['-dev'], flags: { dev: 'true' } },
]) {
  test(`'${argv.join(' ')}' sets ${JSON.stringify(flags)} and leaves ${JSON.stringify(ignored)}`, () => {
    const commandLine = run(argv)
    assert.deepEqual(Object.fromEntries(commandLine.flags), flags)
    assert.deepEqual(commandLine.ignored, ignored)
  })
}

for (const { argv, isCheck } of [
  { argv: ['-check'], isCheck: true },
  { argv: ['--check', '-cfg', '/a'], isCheck: true },
  { argv: ['-check=true'], isCheck: true },
  { argv: ['-nonsense', '-proxy.maxconn=x', '-cfg', '-check=1'], isCheck: false },
  { argv: ['-nonsense', '-proxy.maxconn=x', '-ui.title=', '-check', '-insecure=x'], isCheck: true },
  { argv: ['-check=false'], isCheck: false },
  { argv: ['-check', 'false'], isCheck: false },
  { argv: ['-ui.title', '-check'], isCheck: false },
  { argv: ['--', '-check'], isCheck: false },
  { argv: ['-check', '-v'], isCheck: false },
]) {
  test(`'${argv.join(' ')}' asks ${isCheck ? '' : 'not '}for a check`, () => assert.equal(wantsCheck(argv), isCheck))
}

for (const argv of [
  ['-migrate', 'x.properties'],
  ['--migrate=x.properties'],
  ['-cfg', '/a', '-migrate', 'x.properties', '-x'],
]) {
  test(`'${argv.join(' ')}' names a file to migrate`, () =>
    assert.deepEqual(parseCommandLine(argv), { kind: 'migrate', path: 'x.properties' }))
}

test('everything that is wrong is told when it is not thrown, and the rest is taken', () => {
  const errors: string[] = []
  const argv = ['-a', '---b', '-insecure=x', '-proxy.maxconn', 'y', '-ui.access', 'ro', '-cfg=', '-ui.title']
  const commandLine = parseCommandLine(argv, ({ reason, exitCode }) => errors.push(`${exitCode} ${reason}`))
  assert.deepEqual(errors, [
    '1 invalid or missing path to config file',
    '2 flag provided but not defined: -a; see -help',
    '2 bad flag syntax: ---b',
    '2 invalid boolean value "x" for -insecure: parse error; expected true or false',
    '2 invalid value "y" for flag -proxy.maxconn: parse error; expected a whole number such as 10000',
    '2 flag needs an argument: -ui.title',
  ])
  assert.ok(commandLine.kind === 'run')
  assert.deepEqual([...commandLine.flags], [['ui.access', 'ro']])
})

for (const { argv, message } of [
  { argv: ['-proxy.adr', ':80'], message: 'flag provided but not defined: -proxy.adr; did you mean -proxy.addr?' },
  { argv: ['-nonsense'], message: 'flag provided but not defined: -nonsense; see -help' },
  {
    argv: ['-registry.consul.pollInterval', '1s'],
    message:
      'flag provided but not defined: -registry.consul.pollInterval; did you mean -registry.consul.pollinterval?',
  },
  {
    argv: ['-bgp.certfile', 'x'],
    message: 'flag provided but not defined: -bgp.certfile; Fabio documents it but never had it',
  },
  { argv: ['-ui.title'], message: 'flag needs an argument: -ui.title' },
  { argv: ['-migrate'], message: 'flag needs an argument: -migrate' },
  { argv: ['-chek'], message: 'flag provided but not defined: -chek; did you mean -check?' },
  { argv: ['-check=x'], message: 'invalid boolean value "x" for -check: parse error; expected true or false' },
  { argv: ['---x'], message: 'bad flag syntax: ---x' },
  { argv: ['-=x'], message: 'bad flag syntax: -=x' },
  {
    argv: ['-insecure=nope'],
    message: 'invalid boolean value "nope" for -insecure: parse error; expected true or false',
  },
  { argv: ['-v=nope'], message: 'invalid boolean value "nope" for -v: parse error; expected true or false' },
  {
    argv: ['-proxy.maxconn', 'abc', '-proxy.maxconn', '7'],
    message: 'invalid value "abc" for flag -proxy.maxconn: parse error; expected a whole number such as 10000',
  },
  {
    argv: ['-registry.timeout=10'],
    message:
      'invalid value "10" for flag -registry.timeout: parse error; expected a duration with a unit such as 500ms, 30s or 1h30m',
  },
]) {
  test(`${argv.join(' ')} ends with: ${message}`, () => {
    const isRefusal = (error: unknown) =>
      error instanceof ConfigError && error.exitCode === 2 && error.message === message
    assert.throws(() => parseCommandLine(argv), isRefusal)
  })
}

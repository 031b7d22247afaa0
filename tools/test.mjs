// `npm test`: says which real parts are here, then types, lint, and every test. A missing part skips its suite with one line,
// and is a failure with REQUIRE_REAL_PARTS=1.
//   npm test                    everything
//   npm test -- test/wire       only these files or folders, without types and lint
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { findNode, root } from './find-node.mjs'

const REAL_PARTS = [
  'consul',
  'nginx',
  'haproxy',
  'chromium',
  'curl',
  'h2load',
  'openssl',
  'promtool',
  'htpasswd',
  'perl',
]
const wanted = process.argv.slice(2)

function which(name) {
  for (const dir of [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']) {
    const path = join(dir, name)
    if (dir !== '' && existsSync(path)) return path
  }
  return undefined
}

function step(name, command, args) {
  process.stdout.write(`\n== ${name}\n`)
  const started = Date.now()
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  process.stdout.write(`   ${status === 0 ? 'ok' : 'FAILED'} after ${((Date.now() - started) / 1000).toFixed(1)} s\n`)
  if (status !== 0) process.exit(status ?? 1)
}

function testFiles(path) {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path)
    .flatMap(name => testFiles(join(path, name)))
    .filter(file => file.endsWith('.test.ts'))
}

process.stdout.write('real parts:\n')
const missing = []
for (const name of REAL_PARTS) {
  const path = which(name)
  if (path === undefined) missing.push(name)
  process.stdout.write(`   ${name.padEnd(10)} ${path ?? 'not found: its suite is skipped'}\n`)
}
if (missing.length > 0 && process.env.REQUIRE_REAL_PARTS === '1') {
  process.stderr.write(`REQUIRE_REAL_PARTS=1, and these are missing: ${missing.join(', ')}\n`)
  process.exit(1)
}

const bin = name => join(root, 'node_modules/.bin', name)
if (wanted.length === 0) {
  step('types', bin('tsc'), ['--noEmit'])
  step('types of the UI', bin('tsc'), ['--noEmit', '-p', 'src/admin/ui/app'])
  step('format and lint', bin('biome'), ['check', '.'])
  step('type-aware lint', bin('oxlint'), ['--type-aware', '--quiet'])
  step('dead code', bin('knip'), [])
}
const files = (wanted.length === 0 ? ['test'] : wanted).flatMap(path => testFiles(join(root, path))).sort()
step('tests', findNode(), ['--test', '--test-reporter=spec', '--test-concurrency=2', '--test-timeout=240000', ...files])

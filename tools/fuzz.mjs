// `npm run fuzz [RUNS]`: every fuzz test, with many more runs than `npm test` gives it. FUZZ_SEED repeats a run.
// `npm run fuzz -- --framing [COUNT] [--seed SEED] [--start NUMBER]`: this router's reading of HTTP/1.1 beside llhttp's.
// `npm run fuzz -- --floods [SECONDS]`: each hostile client alone, and what it costs; `-- --soak [MINUTES]`: all of them together.
import { spawnSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { findNode, root } from './find-node.mjs'

const PROGRAMS = new Map([
  ['--framing', 'test/framing/main.ts'],
  ['--floods', 'test/hostile/main.ts'],
  ['--soak', 'test/hostile/main.ts'],
])

const mode = process.argv[2]
const program = PROGRAMS.get(mode)
if (program !== undefined) {
  const args = [join(root, program), mode, ...process.argv.slice(3)]
  process.exit(spawnSync(findNode(), args, { cwd: root, stdio: 'inherit' }).status ?? 1)
}

const runs = process.argv[2] ?? '20000'

function fuzzTests(path) {
  if (!statSync(path).isDirectory()) return path.endsWith('.fuzz.test.ts') ? [path] : []
  return readdirSync(path).flatMap(name => fuzzTests(join(path, name)))
}

const files = fuzzTests(join(root, 'test')).sort()
process.stdout.write(`${files.length} files, ${runs} runs a property\n`)
const env = { ...process.env, FUZZ_RUNS: runs }
const { status } = spawnSync(findNode(), ['--test', '--test-concurrency=2', ...files], {
  cwd: root,
  stdio: 'inherit',
  env,
})
process.exit(status ?? 1)

// dist/: the router as two bundles (its process and its worker thread) and the pages of the UI.
//   node tools/build.mjs [--if-older] [--out DIR]
import { readdirSync, statSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { buildUi } from './build-ui.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const args = process.argv.slice(2)
const out = resolve(args.includes('--out') ? args[args.indexOf('--out') + 1] : join(root, 'dist'))

function newest(path) {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return 0
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(0, ...readdirSync(path).map(name => newest(join(path, name))))
}

if (
  args.includes('--if-older') &&
  newest(join(out, 'main.mjs')) >
    Math.max(newest(join(root, 'src')), newest(join(root, 'tools')), newest(join(root, 'package-lock.json')))
) {
  process.exit(0)
}

await mkdir(out, { recursive: true })
await rm(join(out, 'ui'), { recursive: true, force: true })
await buildUi(join(out, 'ui'))
await build({
  absWorkingDir: root,
  entryPoints: { main: 'src/main.ts', worker: 'src/plane/worker.ts', 'auth-thread': 'src/auth/auth-thread.ts' },
  outdir: out,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  sourcemap: 'linked',
  legalComments: 'linked',
  // A start reads and compiles it all: half the bytes, and none above ASCII, which would double them again in memory.
  minifyWhitespace: true,
  charset: 'ascii',
  lineLimit: 500,
  logLevel: 'warning',
  // Some libraries are CommonJS and call require for Node's own modules.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
})
process.stdout.write(`built ${out}\n`)

// Bundles the admin pages: src/admin/ui/app → dist/ui. `node tools/build-ui.mjs` does it once; a server that runs from a
// checkout calls ensureUi() when the pages are first asked for.
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const ROOT = join(import.meta.dirname, '..')
const SOURCES = join(ROOT, 'src/admin/ui/app')
const MANIFEST = 'manifest.json'
/** Pages that load in an instant over a slow line. Going over is a decision, not an accident. */
const MAX_COMPRESSED_BYTES = new Map([
  ['.js', 30_000],
  ['.css', 8_000],
])

/** Builds unless `outDir` holds the build of the present sources. */
export async function ensureUi(outDir) {
  const manifest = await readFile(join(outDir, MANIFEST), 'utf8').then(JSON.parse, () => undefined)
  if (manifest?.sources !== (await hashSources())) await buildUi(outDir)
}

/** Rejects when the sources do not compile or the result is too large. Files appear whole, the manifest last. */
export async function buildUi(outDir) {
  const sources = await hashSources()
  const { build } = await import('esbuild')
  const { outputFiles } = await build({
    entryPoints: [
      { in: join(SOURCES, 'main.tsx'), out: 'app' },
      { in: join(SOURCES, 'styles/app.css'), out: 'app' },
      { in: join(SOURCES, 'theme.ts'), out: 'theme' },
    ],
    outdir: outDir,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    tsconfig: join(SOURCES, 'tsconfig.json'),
    legalComments: 'none',
    logLevel: 'silent',
    write: false,
  })
  checkSizes(outputFiles)
  await mkdir(outDir, { recursive: true })
  for (const { path, contents } of outputFiles) await writeWhole(path, contents)
  const files = outputFiles.map(({ path }) => basename(path))
  await writeWhole(join(outDir, MANIFEST), `${JSON.stringify({ sources, files })}\n`)
}

function checkSizes(outputFiles) {
  for (const [extension, limit] of MAX_COMPRESSED_BYTES) {
    const files = outputFiles.filter(({ path }) => path.endsWith(extension))
    const bytes = files.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0)
    if (bytes > limit)
      throw new Error(`the admin pages' ${extension} files have ${bytes} bytes compressed; the limit is ${limit}`)
  }
}

async function hashSources() {
  const hash = createHash('sha256')
  const entries = await readdir(SOURCES, { recursive: true, withFileTypes: true })
  const paths = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  for (const path of [join(ROOT, 'package.json'), fileURLToPath(import.meta.url), ...paths.sort()]) {
    hash.update(path.slice(ROOT.length)).update(await readFile(path))
  }
  return hash.digest('hex')
}

async function writeWhole(path, contents) {
  const unfinished = `${path}.${process.pid}`
  await writeFile(unfinished, contents)
  await rename(unfinished, path)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildUi(join(ROOT, 'dist/ui'))

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Log } from '../../log/log.ts'

/** The files of the pages as tools/build-ui.mjs made them, by name. In a checkout they are made when first asked for. */
export class BuiltAssets {
  readonly #log: Log
  #loading: Promise<ReadonlyMap<string, string>> | undefined

  constructor(log: Log) {
    this.#log = log
  }

  /** Empty, with the reason in the log, when there are none. */
  load(): Promise<ReadonlyMap<string, string>> {
    this.#loading ??= this.#load()
    return this.#loading
  }

  async #load(): Promise<ReadonlyMap<string, string>> {
    const root = findPackageRoot(import.meta.dirname)
    try {
      if (root !== undefined) await ensureBuilt(root)
    } catch (cause) {
      this.#log.error(`Cannot build the admin pages: ${cause instanceof Error ? cause.message : String(cause)}`)
    }
    try {
      // A bundle that was taken out of its package has the pages beside it.
      return await readBuild(root === undefined ? join(import.meta.dirname, 'ui') : join(root, 'dist/ui'))
    } catch (cause) {
      this.#log.error(
        `The files of the admin pages are missing: ${cause instanceof Error ? cause.message : String(cause)}`,
      )
      return new Map()
    }
  }
}

function findPackageRoot(directory: string): string | undefined {
  if (existsSync(join(directory, 'package.json'))) return directory
  const parent = dirname(directory)
  return parent === directory ? undefined : findPackageRoot(parent)
}

/** An installation has no sources of the pages and nothing to build them with; what was delivered is what there is. */
async function ensureBuilt(root: string): Promise<void> {
  const builder = join(root, 'tools/build-ui.mjs')
  if (!existsSync(builder) || !existsSync(join(root, 'src/admin/ui/app'))) return
  // Not a literal, or bundlers would take the builder along.
  const { ensureUi }: { readonly ensureUi: (outDir: string) => Promise<void> } = await import(
    pathToFileURL(builder).href
  )
  await ensureUi(join(root, 'dist/ui'))
}

async function readBuild(directory: string): Promise<ReadonlyMap<string, string>> {
  const { files }: { files: readonly string[] } = JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8'))
  const texts = await Promise.all(files.map(name => readFile(join(directory, name), 'utf8')))
  return new Map(files.map((name, i) => [name, texts[i] ?? '']))
}

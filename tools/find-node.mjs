import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** The Node that the locked packages brought, else the one that runs this: npm may have been started by an old one. */
export function findNode() {
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const pinned = Object.keys(optionalDependencies).map(name => join(root, 'node_modules', name, 'bin/node'))
  return pinned.find(existsSync) ?? process.execPath
}

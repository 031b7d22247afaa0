import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from '../log/log.ts'
import type { Texts } from './pair-up.ts'

const MAX_FILE_BYTES = 1 << 20

/**
 * `type=path`: all files below a directory whose names end in `.pem` and do not begin with a dot. A directory that is not there is an
 * empty one, as in the original; links to directories are not followed, those to files are.
 */
export async function readPemDirectory(directory: string, log: Log): Promise<Texts> {
  const texts = new Map<string, string>()
  for (const file of await listPemFiles(directory)) {
    const { size } = await stat(file)
    if (size > MAX_FILE_BYTES) log.warn(`cert: File too large ${file}`)
    else texts.set(file, await readFile(file, 'latin1'))
  }
  return texts
}

async function listPemFiles(directory: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true })
    const files = entries.filter(entry => (entry.isFile() || entry.isSymbolicLink()) && isPemName(entry.name))
    return files.map(({ parentPath, name }) => join(parentPath, name)).sort()
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw cause
  }
}

function isPemName(name: string): boolean {
  return name.endsWith('.pem') && !name.startsWith('.')
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkConfiguration } from '../../src/check/check.ts'

/** A folder of a test's own, with `fabio.properties` and whatever else the test puts there. */
export interface CheckFolder extends AsyncDisposable {
  readonly path: string
  /** What `-check` says about the file, line by line and without the folder; the last line is the summary. */
  check(options?: CheckFolderOptions): Promise<{ readonly lines: readonly string[]; readonly isGood: boolean }>
  write(name: string, text: string): Promise<string>
}

interface CheckFolderOptions {
  /** Behind `-check -cfg FILE`. */
  readonly argv?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** `properties` may say FOLDER for its folder. */
export async function createCheckFolder(properties: string): Promise<CheckFolder> {
  const path = await mkdtemp(join(tmpdir(), 'fabio-check-'))
  const write = async (name: string, text: string) => {
    await writeFile(join(path, name), text)
    return join(path, name)
  }
  const file = await write('fabio.properties', properties.replaceAll('FOLDER', path))
  return {
    path,
    write,
    async check({ argv = [], env = {} } = {}) {
      const { text, isGood } = await checkConfiguration({ argv: ['-check', '-cfg', file, ...argv], env })
      return { lines: text.trimEnd().replaceAll(`${path}/`, '').split('\n'), isGood }
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  }
}

/** What is said about a file with these lines, without the summary. */
export async function checkLines(...properties: string[]): Promise<readonly string[]> {
  await using folder = await createCheckFolder(properties.join('\n'))
  return (await folder.check()).lines.slice(0, -1)
}

import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * The path of a program that a test needs (`consul`, `nginx`, `chromium` …), or undefined when it is not on PATH: skip the
 * test then, with the reason from missingPart(). With REQUIRE_REAL_PARTS=1 a missing program is an error, so that a machine
 * which should have it cannot pass by skipping.
 */
export function realPart(name: string): string | undefined {
  // Debian keeps servers where only root looks.
  for (const directory of [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']) {
    const path = join(directory, name)
    if (directory !== '' && isExecutable(path)) return path
  }
  if (process.env.REQUIRE_REAL_PARTS === '1')
    throw new Error(`${missingPart(name)}, and REQUIRE_REAL_PARTS=1 asks for it`)
  return undefined
}

/** For the `skip` option of a test: `{ skip: realPart('consul') === undefined && missingPart('consul') }`. */
export function missingPart(name: string): string {
  return `there is no ${name} on PATH`
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

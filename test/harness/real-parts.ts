import { accessSync, constants, existsSync } from 'node:fs'
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

/**
 * The path of nginx's stream module, which Debian has in a package of its own (libnginx-mod-stream); undefined and REQUIRE_REAL_PARTS as
 * with `realPart`.
 */
export function nginxStreamModule(): string | undefined {
  const path = '/usr/lib/nginx/modules/ngx_stream_module.so'
  if (existsSync(path)) return path
  if (process.env.REQUIRE_REAL_PARTS === '1')
    throw new Error(`there is no ${path}, and REQUIRE_REAL_PARTS=1 asks for it`)
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

import { posix } from 'node:path'
import { badRequest } from './api-error.ts'
import type { Endpoint } from './endpoint.ts'

export interface Place {
  readonly endpoint: Endpoint
  readonly rest: string
}

/** node:http has refused everything but ASCII already; a key in UTF-8 comes with percent signs. */
export function decodePath(raw: string): string {
  try {
    const path = decodeURIComponent(raw)
    if (!path.includes('\0')) return path
  } catch (cause) {
    throw badRequest('400 Bad Request', { cause })
  }
  throw badRequest('400 Bad Request')
}

/** Where Go's mux would send the client instead: double slashes and dot segments have one spelling. undefined: nowhere. */
export function cleanerPath(path: string): string | undefined {
  const normal = posix.normalize(`/${path}`)
  return normal === path ? undefined : normal
}

/** The longest endpoint that covers the path. `redirect`: the path is the name of a folder, and lacks its slash. */
export function findPlace(
  endpoints: ReadonlyMap<string, Endpoint>,
  path: string,
): Place | { readonly redirect: string } | undefined {
  const exact = endpoints.get(path)
  if (exact !== undefined) return { endpoint: exact, rest: '' }
  if (endpoints.has(`${path}/`)) return { redirect: `${path}/` }
  for (let end = path.lastIndexOf('/'); end >= 0; end = end === 0 ? -1 : path.lastIndexOf('/', end - 1)) {
    const endpoint = endpoints.get(path.slice(0, end + 1))
    if (endpoint !== undefined) return { endpoint, rest: path.slice(end + 1) }
  }
  return undefined
}

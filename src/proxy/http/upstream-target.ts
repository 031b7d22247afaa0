import type { WireTarget } from '../wire-target.ts'
import type { Exchange } from './exchange.ts'
import { decodePercent, encodePath, normalizePath } from './request-target.ts'

type Asked = Pick<Exchange, 'path' | 'rawPath' | 'query'>

/**
 * Path and query as the target gets them: `strip` cut off, `prepend` put before, the target's own query joined. The path of the
 * target's URL is not used, as in the original. What the client encoded stays as it was wherever `strip` does not cut it.
 */
export function upstreamTarget(asked: Asked, target: WireTarget): string {
  const { stripBytes, prependBytes, queryBytes } = target
  let path = asked.rawPath
  if (stripBytes !== undefined) path = stripped(asked, target.options.strip ?? '', stripBytes)
  if (prependBytes !== undefined) {
    path = encodePath(prependBytes) + path
    if (!path.startsWith('/')) path = `/${path}`
  }
  const { query } = asked
  if (queryBytes === '') return path + query
  return query.length > 1 ? `${path}?${queryBytes}&${query.slice(1)}` : `${path}?${queryBytes}`
}

function stripped({ path, rawPath }: Asked, strip: string, stripBytes: string): string {
  if (!path.startsWith(strip)) return rawPath
  // Where the prefix was sent as it is written, only it goes; where it was encoded, the whole path has to be written anew.
  let rest = rawPath.startsWith(strip)
    ? rawPath.slice(strip.length)
    : encodePath((decodePercent(rawPath) ?? rawPath).slice(stripBytes.length))
  // The slash that begins what is left may have been sent encoded; it is the same slash.
  if (/^%2f/i.test(rest)) rest = rest.slice(3)
  if (!rest.startsWith('/')) rest = `/${rest}`
  // Without its `/p`, `/p../x` would be `/../x`: a way out of what is prepended, or of what the route is for.
  return path[strip.length] === '.' ? (normalizePath(rest)?.rawPath ?? rest) : rest
}

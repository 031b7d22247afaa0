import { encodeHost, escapedPath } from './percent-encoding.ts'
import type { TargetOptions } from './target-options.ts'
import type { TargetUrl } from './target-url.ts'

/** The URL a redirect leads to, with holes for what comes from the request. Made once per target. */
export interface RedirectTemplate {
  readonly scheme: string
  readonly host: Hole
  readonly path: Hole
  readonly query: string
  readonly strip: string
  readonly prepend: string
}

/** A text with at most one place where something is put in; `after` is undefined when there is no such place. */
interface Hole {
  readonly before: string
  readonly after: string | undefined
}

/** The parts of a request a redirect is made of. */
export interface RedirectedRequest {
  /** The Host header, with its port and in its case. */
  readonly host: string
  /** Percent-decoded and normalised: the path routes were compared with. */
  readonly path: string
  /** The same path percent-encoded, as the client wrote it where that still means `path`. */
  readonly rawPath: string
  /** Without `?`. */
  readonly query: string
}

/** Where a redirect leads for one request. */
export interface RedirectUrl {
  readonly scheme: string
  readonly host: string
  /** Percent-decoded. */
  readonly path: string
  /** The whole of it, for the `Location` header. */
  readonly location: string
}

/** `$host` and `$path` in the URL of a target, each at its first place, become holes. */
export function compileRedirect(url: TargetUrl, options: TargetOptions): RedirectTemplate {
  // `https://n.test$path`: without a slash the variable has become part of the host.
  const isGlued = url.authority.endsWith('$path')
  const host = isGlued ? url.authority.slice(0, -'$path'.length) : url.authority
  // The request path brings its own slash.
  const path = (isGlued ? '$path' : url.path).replace('/$path', () => '$path')
  return {
    scheme: url.scheme,
    host: hole(host, '$host'),
    path: hole(path, '$path'),
    query: url.query,
    strip: options.strip ?? '',
    prepend: options.prepend ?? '',
  }
}

/** Fills the template in. Computed anew for every request and shared with none, or clients would get each other's. */
export function buildRedirectUrl(template: RedirectTemplate, request: RedirectedRequest): RedirectUrl {
  const host = fill(template.host, request.host)
  const path = fill(template.path, pathBehindStrip(template, request.path)) || '/'
  const rawPath = fill(template.path, pathBehindStrip(template, request.rawPath))
  // The query of the request goes along with its path, unless the target has one of its own.
  const query = template.query === '' && template.path.after !== undefined ? request.query : template.query

  const encodedPath = escapedPath(path, rawPath)
  let location = template.scheme === '' ? '' : `${template.scheme}:`
  if (template.scheme !== '' || host !== '') location += `//${encodeHost(host)}`
  if (host !== '' && !encodedPath.startsWith('/')) location += '/'
  // A first segment with a colon would be taken for a scheme.
  if (location === '' && /^[^/]*:/.test(encodedPath)) location += './'
  location += encodedPath
  if (query !== '') location += `?${query}`
  return { scheme: template.scheme, host, path, location }
}

function pathBehindStrip({ strip, prepend }: RedirectTemplate, path: string): string {
  return prepend + (strip !== '' && path.startsWith(strip) ? path.slice(strip.length) : path)
}

function hole(text: string, variable: string): Hole {
  const at = text.indexOf(variable)
  return at < 0
    ? { before: text, after: undefined }
    : { before: text.slice(0, at), after: text.slice(at + variable.length) }
}

function fill({ before, after }: Hole, value: string): string {
  return after === undefined ? before : before + value + after
}

import type { TargetSpec } from './command.ts'
import type { RedirectTemplate } from './redirect.ts'
import { compileRedirect } from './redirect.ts'
import type { OptionWarning, TargetOptions } from './target-options.ts'
import { parseTargetOptions } from './target-options.ts'
import { parseTargetUrl } from './target-url.ts'

/**
 * A place requests can go to, ready for use: its URL in parts, its options typed. Immutable. Subclasses add what one
 * component keeps for a target, such as counters.
 */
export class Target {
  readonly spec: TargetSpec
  readonly service: string
  /** The URL as Fabio shows it and names it in metrics. */
  readonly url: string
  /** `http`, `https`, `tcp`, `grpc`, `grpcs`, or what was written, in lower case; `''` when there is none. */
  readonly scheme: string
  /** `host:port` as written, IPv6 in brackets; the Host header for `host=dst`. `''` when there is none. */
  readonly authority: string
  /** Without brackets: what to resolve or connect to. */
  readonly hostname: string
  /** As written, or the default of the scheme; 0 when there is none to connect to. */
  readonly port: number
  /** Percent-decoded. Only a redirect uses it. */
  readonly path: string
  /** As written, without `?`. Joined with the query of a request. */
  readonly query: string
  /** What is wrong with the options. The target serves all the same. */
  readonly warnings: readonly OptionWarning[]
  /** Whether an https+tcp+sni listener passes the TLS bytes on: `proto=tcp`, or scheme `tcp` without that option. */
  readonly isTcp: boolean
  /** The name to expect in the certificate of an https target; undefined stands for its hostname. */
  readonly tlsServerName: string | undefined
  // What every request looks at stands at the end, beside what subclasses have for it: near in memory, too.
  readonly options: TargetOptions
  /** Set when the target answers with a redirect; its status is `options.redirectStatus`. */
  readonly redirect: RedirectTemplate | undefined

  /** Throws a TargetUrlError when the URL of the target does not parse. */
  constructor(spec: TargetSpec) {
    const url = parseTargetUrl(spec.dst)
    const { options, warnings } = parseTargetOptions(spec.options)
    this.spec = spec
    this.service = spec.service
    this.url = url.text
    this.scheme = url.scheme
    this.authority = url.authority
    this.hostname = url.hostname
    this.port = portOf(url.port, url.scheme)
    this.path = url.path
    this.query = url.query
    this.options = options
    this.warnings = warnings
    this.redirect = options.redirectStatus === undefined ? undefined : compileRedirect(url, options)
    this.isTcp = (options.proto ?? url.scheme) === 'tcp'
    const isHttps = url.scheme === 'https' || options.proto === 'https'
    this.tlsServerName = isHttps && options.host !== 'dst' ? options.host : undefined
  }
}

// gRPC's own default is 443 with and without TLS. A tcp target has to name its port.
const DEFAULT_PORTS: ReadonlyMap<string, number> = new Map([
  ['http', 80],
  ['ws', 80],
  ['https', 443],
  ['wss', 443],
  ['grpc', 443],
  ['grpcs', 443],
])

function portOf(text: string, scheme: string): number {
  if (text === '') return DEFAULT_PORTS.get(scheme) ?? 0
  const port = Number(text)
  return port <= 65_535 ? port : 0
}

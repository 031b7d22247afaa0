import type { AccessRules } from './access-rules.ts'
import { AccessRuleError, DENY_EVERYBODY, parseAccessRules } from './access-rules.ts'
import type { OptionPairs } from './command.ts'

/** The options of a target that mean something, typed. An option that is missing or has no value is undefined. */
export interface TargetOptions {
  /** `strip`: cut from the front of the path on its way to the target. */
  readonly strip: string | undefined
  /** `prepend`: put in front of the path, after `strip`. */
  readonly prepend: string | undefined
  /** `host`: the Host header the target sees; `dst` stands for the authority of the target. */
  readonly host: string | undefined
  /** `tlsskipverify=true`: do not verify the certificate of the target. */
  readonly tlsSkipVerify: boolean
  /** `proto`, as written; `''` when it is there without a value. */
  readonly proto: string | undefined
  /** The version of the PROXY header that the target is sent: 1 with `pxyproto=true`, 2 with `pxyproto=v2`; undefined is none. */
  readonly proxyVersion: 1 | 2 | undefined
  /** `redirect`: answer with this status, 300 to 399, instead of proxying. */
  readonly redirectStatus: number | undefined
  /** `auth`: the name of a scheme of `proxy.auth`. */
  readonly auth: string | undefined
  /** `grpcservername`: the name to expect in the certificate of a gRPC target. */
  readonly grpcServerName: string | undefined
  /** `h2=true`: speak HTTP/2 to the target, over TLS or, to an http target, in the clear with prior knowledge. */
  readonly http2: boolean
  /** `register`: the name this router registers itself under while the route exists. */
  readonly register: string | undefined
  /** `allow` or `deny`; undefined lets everybody in. */
  readonly accessRules: AccessRules | undefined
}

/** An option whose value is ignored, or that closes the route, because it does not parse. */
export interface OptionWarning {
  readonly option: string
  readonly value: string
  /** In Fabio's words. */
  readonly reason: string
  /** What would have been right, and what happens until it is. */
  readonly expected: string
}

export interface ParsedTargetOptions {
  readonly options: TargetOptions
  readonly warnings: readonly OptionWarning[]
}

/** Never throws: what does not parse becomes a warning. Of options with the same name the last one counts. */
export function parseTargetOptions(pairs: OptionPairs): ParsedTargetOptions {
  if (pairs.length === 0) return NO_OPTIONS
  const values = new Map(pairs)
  const warnings: OptionWarning[] = []
  const text = (name: string) => values.get(name) || undefined
  const options: TargetOptions = {
    strip: text('strip'),
    prepend: text('prepend'),
    host: text('host'),
    tlsSkipVerify: values.get('tlsskipverify') === 'true',
    proto: values.get('proto'),
    proxyVersion: PROXY_VERSIONS.get(values.get('pxyproto') ?? ''),
    redirectStatus: parseRedirectStatus(text('redirect'), warnings),
    auth: text('auth'),
    grpcServerName: text('grpcservername'),
    http2: values.get('h2') === 'true',
    register: text('register'),
    accessRules: parseAccess(values, warnings),
  }
  return { options, warnings }
}

const PROXY_VERSIONS: ReadonlyMap<string, 1 | 2> = new Map([
  ['true', 1],
  ['v2', 2],
])

const NO_OPTIONS: ParsedTargetOptions = {
  options: {
    strip: undefined,
    prepend: undefined,
    host: undefined,
    tlsSkipVerify: false,
    proto: undefined,
    proxyVersion: undefined,
    redirectStatus: undefined,
    auth: undefined,
    grpcServerName: undefined,
    http2: false,
    register: undefined,
    accessRules: undefined,
  },
  warnings: [],
}

function parseRedirectStatus(value: string | undefined, warnings: OptionWarning[]): number | undefined {
  if (value === undefined) return undefined
  const warn = (reason: string) => {
    const expected = 'redirect=<status from 300 to 399>; until then requests are sent to the target'
    warnings.push({ option: 'redirect', value, reason: `${reason}. Got: ${value}`, expected })
    return undefined
  }
  // What Go's Atoi takes for a number: a sign, leading zeros.
  if (!/^[+-]?[0-9]+$/.test(value)) return warn('redirect status code should be numeric in 3xx range')
  const status = Number(value)
  return status >= 300 && status <= 399 ? status : warn('redirect status code should be in 3xx range')
}

function parseAccess(values: ReadonlyMap<string, string>, warnings: OptionWarning[]): AccessRules | undefined {
  const allow = values.get('allow') ?? ''
  const deny = values.get('deny') ?? ''
  try {
    return parseAccessRules({ allow, deny })
  } catch (cause) {
    if (!(cause instanceof AccessRuleError)) throw cause
    warnings.push({
      option: allow === '' ? 'deny' : 'allow',
      value: allow === '' ? deny : allow,
      reason: `failed to process access rules: ${cause.message}`,
      expected: 'allow=ip:<address or block>,… or deny=ip:<address or block>,…; until then the route denies everybody',
    })
    return DENY_EVERYBODY
  }
}

// Consul shows the texts of Go's network errors as the output of a check; people search for them.

const GO_TEXTS: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'connect: connection refused'],
  ['ECONNRESET', 'read: connection reset by peer'],
  ['EHOSTUNREACH', 'connect: no route to host'],
  ['ENETUNREACH', 'connect: network is unreachable'],
  ['ETIMEDOUT', 'i/o timeout'],
])

/** Why no connection could be made to `address`, as Go would say it: `dial tcp 127.0.0.1:1: connect: connection refused`. */
export function describeDialFailure(cause: unknown, address: string): string {
  const code = codeOf(cause)
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return `dial tcp: lookup ${address.replace(/:\d+$/u, '')}: ${code === 'ENOTFOUND' ? 'no such host' : 'i/o timeout'}`
  }
  const text = GO_TEXTS.get(code) ?? (cause instanceof Error ? cause.message : code)
  return `dial tcp ${address}: ${text}`
}

/** Of the first cause that has one: trying several addresses of a name gives an AggregateError. */
export function codeOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.errors.length > 0) return codeOf(cause.errors[0])
  return typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : 'error'
}

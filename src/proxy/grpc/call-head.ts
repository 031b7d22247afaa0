// The head of a gRPC call: HTTP/2 fields as lists of names and values in turn, in the client's order.

/** A field of HTTP/1.1 connections (RFC 7540 §3.2.1), of which RFC 9113 says nothing any more. */
const NEVER_SENT = 'http2-settings'

/** The fields of a call that the router looks at. */
export interface CallHead {
  /** The full method, `/package.Service/Method`. */
  readonly path: string
  readonly authority: string
  readonly method: string
  readonly contentType: string
  /** The metadata key `dsthost`, if it is there exactly once; else ''. */
  readonly dstHost: string
  readonly timeout: string | undefined
  readonly authorization: string | undefined
  readonly forwardedFor: readonly string[]
}

const NONE: readonly string[] = []

export function readCallHead(fields: readonly string[]): CallHead {
  let path = ''
  let authority = ''
  let method = ''
  let contentType = ''
  let dstHost = ''
  let dstHosts = 0
  let timeout: string | undefined
  let authorization: string | undefined
  let forwardedFor = NONE
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const value = fields[i + 1]!
    switch (fields[i]) {
      case ':path':
        path = value
        break
      case ':authority':
        authority = value
        break
      case ':method':
        method = value
        break
      case 'content-type':
        contentType = value
        break
      case 'dsthost':
        dstHosts++
        dstHost = dstHosts === 1 ? value : ''
        break
      case 'grpc-timeout':
        timeout = value
        break
      case 'authorization':
        authorization ??= value
        break
      case 'x-forwarded-for':
        forwardedFor = [...forwardedFor, value]
        break
      default:
        break
    }
  }
  return { path, authority, method, contentType, dstHost, timeout, authorization, forwardedFor }
}

/** `application/grpc`, alone or with a subtype or parameters; not gRPC-Web, which is another protocol. */
export function isGrpcType(contentType: string): boolean {
  if (!contentType.startsWith('application/grpc')) return false
  const next = contentType[16]
  return next === undefined || next === '+' || next === ';'
}

/** Metadata as it goes to the target: all of it, with the target's own authority and what is left of the time. */
export function upstreamFields(
  fields: readonly string[],
  to: { authority: string; isTls: boolean; timeout: string | undefined },
): string[] {
  const sent = [':authority', to.authority]
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i]!
    if (name === ':authority' || name === 'host' || name === NEVER_SENT) continue
    if (name === ':scheme') sent.push(name, to.isTls ? 'https' : 'http')
    else if (name === 'grpc-timeout' && to.timeout !== undefined) sent.push(name, to.timeout)
    else sent.push(name, fields[i + 1]!)
  }
  return sent
}

/** The fields of an upstream's answer, or behind it, as they may be sent. */
export function answerFields(fields: string[]): string[] {
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] === NEVER_SENT) return answerFields([...fields.slice(0, i), ...fields.slice(i + 2)])
  }
  return fields
}

/** The value of the first field of this name. */
export function fieldOf(fields: readonly string[], name: string): string | undefined {
  for (let i = 0; i + 1 < fields.length; i += 2) if (fields[i] === name) return fields[i + 1]
  return undefined
}

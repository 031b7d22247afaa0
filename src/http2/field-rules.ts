// What makes a message malformed (RFC 9113 §8.1.1, §8.2, §8.3), beside the letters of names and values, which the decoder of field
// blocks judges. Fields are names and values in turn, Latin-1.

/** There is no Content-Length. */
const NO_LENGTH = -1
/** The message must not be passed on: its stream ends with PROTOCOL_ERROR. */
export const MALFORMED = -2

const METHOD = 1
const SCHEME = 2
const PATH = 4
const AUTHORITY = 8
const PROTOCOL = 16
const REQUEST_PSEUDO_FIELDS: ReadonlyMap<string, number> = new Map([
  [':method', METHOD],
  [':scheme', SCHEME],
  [':path', PATH],
  [':authority', AUTHORITY],
  [':protocol', PROTOCOL],
])

/** Fields of a connection of HTTP/1.1 (§8.2.2). */
const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

const COLON = 0x3a
const METHOD_TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/i
const MAX_LENGTH_DIGITS = 15

/**
 * Judges the head of a request. Blanks around values are taken off in place.
 * @returns the body's length as declared, -1 when it is not, or MALFORMED
 */
export function judgeRequest(fields: string[]): number {
  let seen = 0
  let at = 0
  let method = ''
  let path = ''
  let protocol: string | undefined
  for (; at < fields.length && fields[at]!.charCodeAt(0) === COLON; at += 2) {
    const kind = REQUEST_PSEUDO_FIELDS.get(fields[at]!)
    const value = fields[at + 1]!
    if (kind === undefined || (seen & kind) !== 0) return MALFORMED
    seen |= kind
    if (kind === METHOD) method = value
    else if (kind === PATH) path = value
    else if (kind === PROTOCOL) protocol = value
  }
  const length = judgeFields(fields, at, { takesTe: true })
  if (length === MALFORMED || (seen & METHOD) === 0 || !METHOD_TOKEN.test(method)) return MALFORMED
  if (method === 'CONNECT' && protocol === undefined)
    return (seen & (SCHEME | PATH)) === 0 && (seen & AUTHORITY) !== 0 ? length : MALFORMED
  if (protocol !== undefined && (method !== 'CONNECT' || (seen & AUTHORITY) === 0)) return MALFORMED
  if ((seen & (SCHEME | PATH)) !== (SCHEME | PATH)) return MALFORMED
  if (path.charCodeAt(0) !== 0x2f && !(path === '*' && method === 'OPTIONS')) return MALFORMED
  if ((seen & AUTHORITY) === 0 && !hasHost(fields, at)) return MALFORMED
  return length
}

/** Is this the head of a request for a head? */
export function isHeadRequest(fields: readonly string[]): boolean {
  for (let i = 0; i < fields.length && fields[i]!.charCodeAt(0) === COLON; i += 2)
    if (fields[i] === ':method') return fields[i + 1] === 'HEAD'
  return false
}

/** What the head of an answer says of itself. */
export interface AnswerVerdict {
  readonly status: number
  /** As above. */
  readonly length: number
}

const MALFORMED_ANSWER: AnswerVerdict = { status: 0, length: MALFORMED }

/** Judges the head of an answer, as above. */
export function judgeAnswer(fields: string[]): AnswerVerdict {
  if (fields[0] !== ':status' || !/^[1-9][0-9][0-9]$/.test(fields[1]!)) return MALFORMED_ANSWER
  const status = Number(fields[1])
  // There is no change of protocol in HTTP/2 (§8.6).
  if (status === 101) return MALFORMED_ANSWER
  return { status, length: judgeFields(fields, 2, { takesTe: false }) }
}

/** Judges the fields behind a body. */
export function areTrailersWellFormed(fields: string[]): boolean {
  return judgeFields(fields, 0, { takesTe: false }) !== MALFORMED
}

function judgeFields(fields: string[], from: number, { takesTe }: { readonly takesTe: boolean }): number {
  let length = NO_LENGTH
  for (let i = from; i < fields.length; i += 2) {
    const name = fields[i]!
    const value = withoutBlanks(fields[i + 1]!)
    if (name.charCodeAt(0) === COLON || CONNECTION_FIELDS.has(name)) return MALFORMED
    fields[i + 1] = value
    if (name === 'te') {
      if (!takesTe || value.toLowerCase() !== 'trailers') return MALFORMED
    } else if (name === 'content-length') {
      if (length !== NO_LENGTH || !/^[0-9]+$/.test(value) || value.length > MAX_LENGTH_DIGITS) return MALFORMED
      length = Number(value)
    }
  }
  return length
}

/** Nobody may send them (§8.2.1), and everybody takes them for none. */
function withoutBlanks(value: string): string {
  let from = 0
  let to = value.length
  while (from < to && isBlank(value.charCodeAt(from))) from++
  while (from < to && isBlank(value.charCodeAt(to - 1))) to--
  return to - from === value.length ? value : value.slice(from, to)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

function hasHost(fields: readonly string[], from: number): boolean {
  for (let i = from; i < fields.length; i += 2) if (fields[i] === 'host') return true
  return false
}

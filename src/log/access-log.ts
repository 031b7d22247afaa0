import { escapeByte, utf8Bytes } from './access-bytes.ts'
import { type AccessField, createAccessFields } from './access-fields.ts'
import type { AccessRecord } from './access-record.ts'

/** The format cannot be used; the message is Fabio's. */
export class AccessFormatError extends Error {
  override readonly name = 'AccessFormatError'
}

/**
 * Renders one record without the line end; '' when the format renders nothing. One character is one byte of the line.
 * Without `escape`, control characters in values are still in it: `encodeLines` takes them out of many lines at once.
 */
export type AccessFormat = (record: AccessRecord) => string

const COMMON = '$remote_host - - [$time_common] "$request" $response_status $response_body_size'
const BUILT_IN: ReadonlyMap<string, string> = new Map([
  ['common', COMMON],
  ['combined', `${COMMON} "$header.Referer" "$header.User-Agent"`],
])

/**
 * `log.access.format`, compiled once: `common`, `combined`, or text with fields. With `escape`, quotes and backslashes in values
 * get a backslash, and bytes that are not printable ASCII are shown as `\xHH`.
 * @throws AccessFormatError for an unknown field or an empty format
 */
export function compileAccessFormat(format: string, options: { readonly escape: boolean }): AccessFormat {
  const { own, outside } = createAccessFields()
  const parts: { readonly literal: string; readonly field: AccessField }[] = []
  let literal = ''
  for (const token of lexAccessFormat(BUILT_IN.get(format) ?? format)) {
    if (token.kind === 'text') {
      literal += utf8Bytes(token.text)
      continue
    }
    const ownField = own.get(token.name)
    const outsideField = token.kind === 'header' ? headerField(token.name) : outside.get(token.name)
    const field = ownField ?? (outsideField && options.escape ? escaped(outsideField) : outsideField)
    if (field === undefined) throw new AccessFormatError(`Invalid log format: invalid field "${token.name}"`)
    parts.push({ literal, field })
    literal = ''
  }
  const end = literal
  if (parts.length === 0 && end === '') throw new AccessFormatError('Invalid log format: empty log format')
  return record => {
    let line = ''
    for (const part of parts) line += part.literal + part.field(record)
    return line + end
  }
}

/** Go's server takes these out of the headers, so Fabio's field is always empty. The host is `$request_host`. */
const NEVER_SHOWN: ReadonlySet<string> = new Set(['host', 'transfer-encoding', 'trailer'])

function headerField(name: string): AccessField {
  const lowerCase = name.toLowerCase()
  if (NEVER_SHOWN.has(lowerCase)) return () => ''
  return record => record.header(lowerCase) ?? ''
}

function escaped(field: AccessField): AccessField {
  return record => escapeValue(field(record))
}

export type AccessToken =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'header'; readonly name: string }

/**
 * A field is `$` and name characters, a header `$header.` and name characters. Everything else is text, which ends before the
 * next `$`; a `$` that no name character follows belongs to the text, together with the character that does follow.
 */
export function* lexAccessFormat(format: string): Iterable<AccessToken> {
  let rest = format
  while (rest !== '') {
    const header = /^\$header\.([A-Za-z0-9_-]+)/.exec(rest)
    const field = header ?? /^\$(?:header\.(?=[^A-Za-z0-9_-])|[A-Za-z0-9_-]+)/.exec(rest)
    const match = field ?? /^(?:\$.?|[^$])[^$]*/s.exec(rest)
    const matched = match?.[0] ?? rest
    if (header?.[1] !== undefined) yield { kind: 'header', name: header[1] }
    else if (field !== null) yield { kind: 'field', name: matched }
    else yield { kind: 'text', text: matched }
    rest = rest.slice(matched.length)
  }
}

const UNSAFE = /[^\x20-\x7e]|["\\]/
const UNSAFE_CHARACTERS = /[\x00-\x1f\x7f-\xff"\\]|[^\x00-\xff]+/g

function escapeValue(value: string): string {
  if (!UNSAFE.test(value)) return value
  return value.replace(UNSAFE_CHARACTERS, found => {
    if (found === '"' || found === '\\') return `\\${found}`
    return found > '\xff' ? utf8Bytes(found).replace(/./gs, escapeByte) : escapeByte(found)
  })
}

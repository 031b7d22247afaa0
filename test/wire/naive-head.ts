// HTTP/1.1 heads by the letter of RFC 9112, with regular expressions and no regard to speed: what the real parser must agree with.

export interface NaiveHead {
  readonly startLine: string
  readonly version: number
  readonly headers: readonly (readonly [name: string, value: string])[]
}

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const REQUEST_LINE = new RegExp(`^${TOKEN} [!"$-~]+ HTTP/1\\.([01])$`)
const STATUS_LINE = /^HTTP\/1\.([01]) [1-9][0-9]{2}(?: [\t\x20-\x7e\x80-\xff]*)?$/
const HEADER_LINE = new RegExp(`^(${TOKEN}):[ \\t]*([\\t\\x20-\\x7e\\x80-\\xff]*?)[ \\t]*$`)

/** A head with its empty line; undefined when it is not one that may be taken. */
export function naiveRequest(text: string, maxHeaders: number): NaiveHead | undefined {
  const head = takeApart(text, REQUEST_LINE, maxHeaders)
  if (head === undefined || !isFramingClear(head)) return undefined
  const hosts = valuesOf(head, 'host').length
  if (hosts > 1 || (hosts === 0 && head.version === 11)) return undefined
  const [expectation] = valuesOf(head, 'expect')
  if (expectation !== undefined && expectation.toLowerCase() !== '100-continue') return undefined
  return head
}

export function naiveResponse(text: string, maxHeaders: number): NaiveHead | undefined {
  const head = takeApart(text, STATUS_LINE, maxHeaders)
  return head !== undefined && isFramingClear(head) ? head : undefined
}

export function valuesOf({ headers }: NaiveHead, folded: string): string[] {
  return headers.filter(([name]) => name.toLowerCase() === folded).map(([, value]) => value)
}

function takeApart(text: string, startLine: RegExp, maxHeaders: number): NaiveHead | undefined {
  if (!text.endsWith('\r\n\r\n')) return undefined
  const [first = '', ...lines] = text.slice(0, -4).split('\r\n')
  const version = startLine.exec(first)?.[1]
  if (version === undefined || lines.length > maxHeaders) return undefined
  const headers: [string, string][] = []
  for (const line of lines) {
    const [, name, value] = HEADER_LINE.exec(line) ?? []
    if (name === undefined || value === undefined) return undefined
    headers.push([name, value])
  }
  // Blanks that not every reader takes off this one value.
  if (lines.some(line => /^transfer-encoding:(?:.*\t|.*[\t ]$)/i.test(line))) return undefined
  return { startLine: first, version: version === '1' ? 11 : 10, headers }
}

/** At most one of Content-Length and Transfer-Encoding, once, in the one form that everybody reads alike. */
function isFramingClear(head: NaiveHead): boolean {
  const lengths = valuesOf(head, 'content-length')
  const codings = valuesOf(head, 'transfer-encoding')
  if (lengths.length + codings.length > 1) return false
  if (codings.length === 1 && head.version === 10) return false
  return lengths.every(length => /^[0-9]{1,15}$/.test(length)) && codings.every(c => c.toLowerCase() === 'chunked')
}

import { readChunks } from './http-upstream.ts'

/** An answer as a client reads it by RFC 9112 §6.3. Texts are Latin-1. */
export interface Answer {
  readonly line: string
  readonly status: number
  readonly head: string
  readonly body: string
  readonly trailers: string
  /** What came behind it. */
  readonly rest: string
  /** Values in the order of their lines. */
  all(name: string): string[]
  header(name: string): string | undefined
}

/** The first whole answer in what was received; undefined while it is not whole. */
export function readAnswer(received: string, facts: { method?: string; hasEnded?: boolean } = {}): Answer | undefined {
  const { method = 'GET', hasEnded = false } = facts
  const headEnd = received.indexOf('\r\n\r\n')
  if (headEnd === -1) return undefined
  const head = received.slice(0, headEnd + 4)
  const behind = received.slice(headEnd + 4)
  const [line = '', ...lines] = head.slice(0, -4).split('\r\n')
  const status = Number(/^HTTP\/1\.[01] ([0-9]{3}) /.exec(line)?.[1])
  if (Number.isNaN(status)) throw new Error(`not a status line: ${JSON.stringify(line)}`)
  const all = (name: string): string[] =>
    lines
      .filter(text => text.slice(0, text.indexOf(':')).toLowerCase() === name.toLowerCase())
      .map(text => text.slice(text.indexOf(':') + 1).trim())
  const header = (name: string): string | undefined => all(name)[0]
  const answer = { line, status, head, all, header }
  const isBodyless = method === 'HEAD' || status < 200 || status === 204 || status === 304
  const [length] = all('content-length')
  if (isBodyless) return { ...answer, body: '', trailers: '', rest: behind }
  if (header('transfer-encoding') !== undefined) {
    const read = readChunks(behind)
    return read && { ...answer, body: read.content, trailers: read.trailers, rest: read.rest }
  }
  if (length !== undefined) {
    if (behind.length < Number(length)) return undefined
    return { ...answer, body: behind.slice(0, Number(length)), trailers: '', rest: behind.slice(Number(length)) }
  }
  return hasEnded ? { ...answer, body: behind, trailers: '', rest: '' } : undefined
}

// What of the two sides is to be equal, and which differences are known: each has a row in docs/differences.md.

import { gunzipSync } from 'node:zlib'
import type { Abilities } from './generate.ts'
import type { Outcome, Seen } from './side.ts'

export interface Observation {
  readonly outcome: Outcome
  /** Which upstream, and what it saw. */
  readonly seen: readonly (Seen & { readonly upstream: number })[]
}

/** Differences between whole answers that have a row in docs/differences.md. */
const KNOWN: readonly {
  readonly row: string
  explains(reference: Outcome, ours: Outcome, request: string): boolean
}[] = [
  {
    row: 'several X-Forwarded-For lines and access rules',
    explains: (reference, ours, request) =>
      ours.status === 403 && reference.status !== 403 && [...request.matchAll(/^x-forwarded-for:/gim)].length > 1,
  },
]

/** How the two differ; `known` when a row of docs/differences.md says so, undefined when they do not. */
export function findDifference(
  reference: Observation,
  ours: Observation,
  request: string,
  able: Abilities,
): 'known' | string | undefined {
  const a = JSON.stringify(normalise(reference, request, able), undefined, 1)
  const b = JSON.stringify(normalise(ours, request, able), undefined, 1)
  if (a === b) return undefined
  if (KNOWN.some(({ explains }) => explains(reference.outcome, ours.outcome, request))) return 'known'
  return `request ${JSON.stringify(request)}\nreference ${a}\nours ${b}`
}

function normalise(observation: Observation, request: string, able: Abilities): object {
  const { outcome, seen } = observation
  return {
    status: outcome.status,
    headers: answerHeaders(outcome, request.startsWith('HEAD ')),
    body: answerBody(outcome),
    seen: seen.map(({ upstream, line, headers, body }) => ({
      upstream,
      line: targetLine(line),
      headers: requestHeaders(headers, request, able),
      body,
    })),
  }
}

function answerBody({ headers, body }: Outcome): string | boolean {
  // The page of a redirect names the same address as its Location.
  if (headers.location !== undefined && !isGzip(headers)) return body !== ''
  return isGzip(headers) && body !== '' ? `gzip of ${gunzipSync(Buffer.from(body, 'latin1')).toString('latin1')}` : body
}

function isGzip(headers: Outcome['headers']): boolean {
  return headers['content-encoding']?.includes('gzip') === true
}

/** What Go's own library adds to answers: a guessed type, `nosniff` on texts of its own. The date differs by nature. */
function answerHeaders({ status, headers: all }: Outcome, isHead: boolean): object {
  // A wrong password is told how to do better; HEAD and 304 are not compressed; a weak ETag goes with a compressed answer; and the
  // length of one is known in other cases.
  const { 'www-authenticate': _challenge, etag: _etag, ...sent } = all
  const headers: Record<string, readonly string[]> = sent
  if (isHead || status === 304) delete headers['content-encoding']
  if (isHead || status === 304 || isGzip(all)) {
    delete headers['content-length']
    delete headers['transfer-encoding']
  }
  const { date: _date, 'content-type': _type, 'x-content-type-options': _options, location, ...rest } = headers
  // Whether `https://name$path` keeps the client's encoding is a row in docs/differences.md.
  if (location === undefined) return rest
  const { 'content-length': _length, ...others } = rest
  return { ...others, location: location.map(decodeURIComponent) }
}

/** What Go's own client adds to requests, when there is none: its name, and a wish for gzip that it unpacks itself. */
function requestHeaders(headers: Seen['headers'], request: string, able: Abilities): object {
  const kept = { ...headers }
  // Ids are random; that there is one, and only one, is what counts.
  if (kept['x-request-id'] !== undefined && !kept['x-request-id'].includes('mine')) {
    kept['x-request-id'] = kept['x-request-id'].map(id => id.replaceAll(/[0-9a-f]/g, '0'))
  }
  if (!/^user-agent:/im.test(request)) delete kept['user-agent']
  if (!/^accept-encoding:/im.test(request)) delete kept['accept-encoding']
  if (!able.sendsHost && !/^x-forwarded-host:/im.test(request)) delete kept['x-forwarded-host']
  return kept
}

/** Encoded and plain forms of the same path are equal here: which of them is sent on is a row in docs/differences.md. */
function targetLine(line: string): string {
  const [method = '', target = '', version = ''] = line.split(' ')
  const queryAt = target.indexOf('?')
  const path = queryAt === -1 ? target : target.slice(0, queryAt)
  const query = queryAt === -1 ? '' : target.slice(queryAt)
  return `${method} ${decodeURIComponent(path)}${query} ${version}`
}

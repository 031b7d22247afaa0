import { request } from 'undici'
import type { Texts } from './pair-up.ts'

export interface HttpPlace {
  /** Of the list: names of files, one a line. */
  readonly url: string
  /** `hdr` of the source. */
  readonly headers: readonly (readonly [name: string, value: string])[]
}

const TIMEOUT_MS = 10_000
const MAX_BYTES = 1 << 20

/**
 * `type=http`: the files of a list, which are beside it; its query, where tokens are, goes with each request.
 * @throws Error for what is not there, is too long, or takes too long
 */
export async function fetchListed(place: HttpPlace, signal: AbortSignal): Promise<Texts> {
  const listUrl = new URL(place.url)
  const texts = new Map<string, string>()
  for (const line of (await fetchText(listUrl, place, signal)).split('\n')) {
    const name = line.trim()
    if (name === '') continue
    const url = new URL(listUrl)
    // With or without a slash: the original glues the line to the directory of the list.
    url.pathname = listUrl.pathname.slice(0, listUrl.pathname.lastIndexOf('/') + 1) + name.replace(/^\/+/, '')
    texts.set(nameOf(url), await fetchText(url, place, signal))
  }
  return texts
}

/** Without what may be secret. */
function nameOf(url: URL): string {
  return `${url.origin}${url.pathname}`
}

async function fetchText(url: URL, { headers }: HttpPlace, signal: AbortSignal): Promise<string> {
  const plain = new URL(url)
  plain.username = ''
  plain.password = ''
  const fields: [string, string][] = headers.map(([name, value]) => [name, value])
  if (url.username !== '') {
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
    fields.push(['authorization', `Basic ${Buffer.from(credentials).toString('base64')}`])
  }
  const { statusCode, body } = await request(plain, {
    headers: Object.fromEntries(fields),
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  })
  if (statusCode !== 200) {
    await body.dump()
    throw new Error(`${nameOf(url)}: status ${statusCode}`)
  }
  let text = ''
  for await (const piece of body) {
    text += (piece as Buffer).toString('latin1')
    if (text.length > MAX_BYTES) throw new Error(`${nameOf(url)}: longer than ${MAX_BYTES} bytes`)
  }
  return text
}

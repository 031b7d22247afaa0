import { type ClientFacts, type OutgoingHead, RequestHeadWriter } from '../../../src/proxy/http/request-head.ts'
import { Http1Head } from '../../../src/wire/http1-head.ts'

const LOCAL_IP = '10.0.0.9'
export const PLAIN: ClientFacts = { address: '192.0.2.7', port: 5000, tls: undefined }
export const OVER_TLS: ClientFacts = { address: '192.0.2.7', port: 5000, tls: { version: 'tls13', cipher: '0x1301' } }

export interface WrittenHead {
  readonly text: string
  readonly line: string
  /** Values of the header with this name, in any case, in their order. */
  all(name: string): string[]
  /** The one value; throws when there are several. */
  one(name: string): string | undefined
}

function parseRequestHead(text: string): Http1Head {
  const bytes = Buffer.from(text, 'latin1')
  const head = new Http1Head()
  const refusal = head.parseRequest(bytes, 0, bytes.length, 1000)
  if (refusal !== undefined) throw new Error(`refused: ${refusal.reason} in ${JSON.stringify(text)}`)
  return head
}

/** What an upstream gets for a request with these header lines. */
export function writeHead(
  lines: readonly string[],
  given: Partial<OutgoingHead> & {
    readonly options?: Partial<ConstructorParameters<typeof RequestHeadWriter>[0]>
    readonly client?: ClientFacts
    readonly version?: '1.0' | '1.1'
  } = {},
): WrittenHead {
  const { options, client = PLAIN, version = '1.1', ...fields } = given
  const head = parseRequestHead([`GET /x HTTP/${version}`, ...lines, '', ''].join('\r\n'))
  const writer = new RequestHeadWriter({
    localIp: LOCAL_IP,
    clientIpHeader: '',
    requestIdHeader: '',
    tlsHeader: '',
    tlsHeaderValue: '',
    ...options,
  })
  const text = writer.write(
    {
      head,
      method: head.method,
      target: head.target,
      host: head.value(head.find(1)),
      authority: 'up.test:81',
      strip: undefined,
      requestId: 'id-1',
      upgrade: '',
      framing: head.isChunked ? 'chunked' : head.contentLength >= 0 ? 'length' : 'none',
      ...fields,
    },
    client,
  )
  return takeApart(text)
}

function takeApart(text: string): WrittenHead {
  const [line = '', ...rest] = text.split('\r\n')
  const headers = rest.slice(0, -2).map(header => {
    const colon = header.indexOf(':')
    return { name: header.slice(0, colon).toLowerCase(), value: header.slice(colon + 1).trim() }
  })
  const all = (name: string): string[] =>
    headers.filter(header => header.name === name.toLowerCase()).map(header => header.value)
  return {
    text,
    line,
    all,
    one(name) {
      const values = all(name)
      if (values.length > 1) throw new Error(`${name} is there ${values.length} times: ${values.join(' | ')}`)
      return values[0]
    },
  }
}

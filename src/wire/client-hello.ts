// The beginning of a TLS connection (RFC 8446 §4.1.2): which server the client asks for, read without answering. The same bytes go
// to whoever answers, so nothing is changed and nothing else is understood.

export type ClientHelloReading =
  /** All of it is there. `serverName` is '' when the client names none. */
  | { readonly kind: 'hello'; readonly serverName: string }
  /** More bytes are needed to tell. */
  | { readonly kind: 'incomplete' }
  /** This is no ClientHello; `reason` is what Fabio says. */
  | { readonly kind: 'malformed'; readonly reason: string }

const HANDSHAKE = 22
const CLIENT_HELLO = 1
const RECORD_HEAD_BYTES = 5
const MESSAGE_HEAD_BYTES = 4
const MAX_RECORD_BYTES = 16_384
/** Clients with post-quantum keys send some 2 KB; nobody sends this much. */
const MAX_HELLO_BYTES = 65_536
const SERVER_NAME = 0
const HOST_NAME = 0

const INCOMPLETE: ClientHelloReading = { kind: 'incomplete' }

/** Reads `bytes[0, end)`. A hello may be spread over several records. */
export function readClientHello(bytes: Buffer, end: number): ClientHelloReading {
  const fragments: Buffer[] = []
  let helloBytes = -1
  let have = 0
  for (let at = 0; ; ) {
    if (at < end && bytes[at] !== HANDSHAKE) return malformed('not a TLS handshake')
    if (end - at < RECORD_HEAD_BYTES) return INCOMPLETE
    const recordBytes = bytes.readUInt16BE(at + 3)
    if (recordBytes === 0 || recordBytes > MAX_RECORD_BYTES) return malformed('invalid TLS record length')
    const start = at + RECORD_HEAD_BYTES
    const fragment = bytes.subarray(start, Math.min(start + recordBytes, end))
    fragments.push(fragment)
    have += fragment.length
    if (helloBytes === -1 && have >= MESSAGE_HEAD_BYTES) {
      const head = fragments.length === 1 ? fragment : Buffer.concat(fragments)
      if (head[0] !== CLIENT_HELLO) return malformed('not a client hello')
      helloBytes = head.readUIntBE(1, 3)
      if (helloBytes === 0 || helloBytes > MAX_HELLO_BYTES) return malformed('invalid client hello length')
    } else if (helloBytes === -1 && have > 0 && fragments.find(({ length }) => length > 0)?.[0] !== CLIENT_HELLO) {
      return malformed('not a client hello')
    }
    if (helloBytes !== -1 && have >= MESSAGE_HEAD_BYTES + helloBytes) {
      const message = fragments.length === 1 ? fragment : Buffer.concat(fragments)
      return readHello(message.subarray(MESSAGE_HEAD_BYTES, MESSAGE_HEAD_BYTES + helloBytes))
    }
    if (fragment.length < recordBytes) return INCOMPLETE
    at = start + recordBytes
  }
}

function malformed(reason: string): ClientHelloReading {
  return { kind: 'malformed', reason }
}

const UNREADABLE = malformed('unable to parse client hello')

function readHello(hello: Buffer): ClientHelloReading {
  // Version, random.
  const fields = new Fields(hello, 34, hello.length)
  const sessionId = fields.vector(1)
  const suites = fields.vector(2)
  const compressions = fields.vector(1)
  if (sessionId === undefined || sessionId.length > 32) return UNREADABLE
  if (suites === undefined || suites.length % 2 === 1 || compressions === undefined) return UNREADABLE
  if (fields.isAtEnd) return { kind: 'hello', serverName: '' }
  const extensions = fields.vector(2)
  if (extensions === undefined || !fields.isAtEnd) return UNREADABLE
  const name = readServerName(new Fields(extensions, 0, extensions.length))
  return name === undefined ? UNREADABLE : { kind: 'hello', serverName: name }
}

/** @returns '' without one, undefined when the extensions cannot be read */
function readServerName(extensions: Fields): string | undefined {
  let serverName: string | undefined
  while (!extensions.isAtEnd) {
    const type = extensions.number(2)
    const content = extensions.vector(2)
    if (type === undefined || content === undefined) return undefined
    if (type !== SERVER_NAME || serverName !== undefined) continue
    serverName = readNameList(content)
    if (serverName === undefined) return undefined
  }
  return serverName ?? ''
}

/** RFC 6066 §3: a list of names of any kind, of which there is one kind. */
function readNameList(content: Buffer): string | undefined {
  const outer = new Fields(content, 0, content.length)
  const list = outer.vector(2)
  if (list === undefined || !outer.isAtEnd) return undefined
  const names = new Fields(list, 0, list.length)
  while (!names.isAtEnd) {
    const kind = names.number(1)
    const name = names.vector(2)
    if (kind === undefined || name === undefined) return undefined
    if (kind === HOST_NAME) return name.toString('latin1')
  }
  return ''
}

/** Takes numbers and vectors from the front of some bytes; undefined where they end too early. */
class Fields {
  private readonly bytes: Buffer
  private at: number
  private readonly end: number

  constructor(bytes: Buffer, at: number, end: number) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  get isAtEnd(): boolean {
    return this.at === this.end
  }

  number(size: 1 | 2): number | undefined {
    if (this.at + size > this.end) return undefined
    const value = this.bytes.readUIntBE(this.at, size)
    this.at += size
    return value
  }

  /** What follows a length of `size` bytes. */
  vector(size: 1 | 2): Buffer | undefined {
    const length = this.number(size)
    if (length === undefined || this.at + length > this.end) return undefined
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }
}

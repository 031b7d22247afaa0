/** Extensions as type and content. */
export interface HelloParts {
  readonly serverName?: string
  readonly sessionId?: number
  readonly before?: readonly (readonly [type: number, content: Buffer])[]
  readonly after?: readonly (readonly [type: number, content: Buffer])[]
}

const sized = (size: 1 | 2, content: Buffer): Buffer => {
  const length = Buffer.alloc(size)
  length.writeUIntBE(content.length, 0, size)
  return Buffer.concat([length, content])
}

export function serverNameExtension(name: string): Buffer {
  return sized(2, Buffer.concat([Buffer.from([0]), sized(2, Buffer.from(name, 'latin1'))]))
}

/** The handshake message, without records. */
export function helloMessage({ serverName, sessionId = 32, before = [], after = [] }: HelloParts): Buffer {
  const own: [number, Buffer][] = serverName === undefined ? [] : [[0, serverNameExtension(serverName)]]
  const extensions = [...before, ...own, ...after].map(([type, content]) =>
    Buffer.concat([Buffer.from([type >> 8, type & 255]), sized(2, content)]),
  )
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    sized(1, Buffer.alloc(sessionId, 1)),
    sized(2, Buffer.from([0x0a, 0x0a, 0x13, 0x01])),
    sized(1, Buffer.from([0])),
    sized(2, Buffer.concat(extensions)),
  ])
  const head = Buffer.from([1, 0, 0, 0])
  head.writeUIntBE(body.length, 1, 3)
  return Buffer.concat([head, body])
}

/** Splits a message over records of at most `recordBytes` each. */
export function inRecords(message: Buffer, recordBytes = 16_384): Buffer {
  const records: Buffer[] = []
  for (let at = 0; at < message.length; at += recordBytes) {
    records.push(Buffer.from([22, 3, 1]), sized(2, message.subarray(at, at + recordBytes)))
  }
  return Buffer.concat(records)
}

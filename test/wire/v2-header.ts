import { isIPv4 } from 'node:net'
import type { ProxyAddress } from '../../src/wire/proxy-protocol.ts'

export interface V2Fields {
  readonly client?: ProxyAddress
  readonly server?: ProxyAddress
  readonly extensions?: Buffer
  /** 1 is PROXY, 0 is LOCAL. */
  readonly command?: number
  readonly version?: number
  /** Address family and transport; by default TCP over what the addresses are. */
  readonly family?: number
  /** Instead of what there is. */
  readonly length?: number
}

/** A PROXY header of version 2, right or wrong, byte for byte as the specification has it (§2.2). */
export function v2Header(fields: V2Fields): Buffer {
  const { client, server, extensions = Buffer.alloc(0), command = 1, version = 2 } = fields
  const isV4 = client !== undefined && isIPv4(client.address)
  const family = fields.family ?? (client === undefined ? 0x00 : isV4 ? 0x11 : 0x21)
  const addresses =
    client === undefined || server === undefined
      ? Buffer.alloc(0)
      : Buffer.concat([
          ipBytes(client.address),
          ipBytes(server.address),
          portBytes(client.port),
          portBytes(server.port),
        ])
  const head = Buffer.from('\r\n\r\n\0\r\nQUIT\n\0\0\0\0', 'latin1')
  head[12] = (version << 4) | command
  head[13] = family
  head.writeUInt16BE(fields.length ?? addresses.length + extensions.length, 14)
  return Buffer.concat([head, addresses, extensions])
}

function portBytes(port: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(port)
  return bytes
}

function ipBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number))
  const [front = '', back] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::')
  const words = (text: string): number[] => (text === '' ? [] : text.split(':').map(word => Number.parseInt(word, 16)))
  const first = words(front)
  const last = words(back ?? '')
  const middle = Array.from({ length: 8 - first.length - last.length }, () => 0)
  return Buffer.from([...first, ...middle, ...last].flatMap(word => [word >> 8, word & 255]))
}

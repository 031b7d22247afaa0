// Frames of HTTP/2 as bytes (RFC 9113 §4, §6), for what no HTTP library can be made to send. Texts are Latin-1.

export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  resetStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

export const FLAG = { endStream: 1, ack: 1, endHeaders: 4, padded: 8 } as const

export const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

export function frame(type: number, flags: number, streamId: number, payload = ''): string {
  return uint(payload.length, 3) + uint(type, 1) + uint(flags, 1) + uint(streamId, 4) + payload
}

export function uint(value: number, bytes: number): string {
  let text = ''
  for (let i = bytes - 1; i >= 0; i--) text += String.fromCharCode(Math.floor(value / 256 ** i) % 256)
  return text
}

/** Fields, names and values in turn, as literals that nobody indexes (RFC 7541 §6.2.2). */
export function fieldBlock(...fields: readonly string[]): string {
  let text = ''
  for (let i = 0; i < fields.length; i += 2) text += `\0${hpackText(fields[i]!)}${hpackText(fields[i + 1]!)}`
  return text
}

function hpackText(text: string): string {
  if (text.length >= 127) throw new Error('longer than a test needs')
  return uint(text.length, 1) + text
}

/** A request's fields, with more behind them. */
export function requestBlock(...more: readonly string[]): string {
  return fieldBlock(':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'a.test', ...more)
}

export interface Frame {
  readonly type: number
  readonly flags: number
  readonly streamId: number
  readonly payload: string
}

/** The whole frames in what was received. */
export function readFrames(received: string): Frame[] {
  const bytes = Buffer.from(received, 'latin1')
  const frames: Frame[] = []
  let at = 0
  while (at + 9 <= bytes.length) {
    const length = bytes.readUIntBE(at, 3)
    if (at + 9 + length > bytes.length) break
    const payload = bytes.toString('latin1', at + 9, at + 9 + length)
    frames.push({ type: bytes[at + 3]!, flags: bytes[at + 4]!, streamId: bytes.readUInt32BE(at + 5), payload })
    at += 9 + length
  }
  return frames
}

/** The error code of a GOAWAY or RST_STREAM frame. */
export function errorCode({ type, payload }: Frame): number {
  return Buffer.from(payload, 'latin1').readUInt32BE(type === FRAME.goaway ? 4 : 0)
}

// HTTP/2 as numbers and bytes (RFC 9113 §4, §6, §7, §11).

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

export const FLAG = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const

export const SETTING = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
  /** RFC 8441 */
  enableConnectProtocol: 8,
} as const

/** Why a stream or a connection ends. */
export const ERROR = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  settingsTimeout: 4,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  connectError: 10,
  enhanceYourCalm: 11,
  inadequateSecurity: 12,
  http11Required: 13,
} as const

const ERROR_NAMES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
]

/** The RFC's name of an error; the number of one that has none. */
export function errorName(code: number): string {
  return ERROR_NAMES[code] ?? String(code)
}

/** What a client says first (§3.4). */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

export const FRAME_HEADER_BYTES = 9
/** What a frame may carry where nobody has said otherwise, and we do not. */
export const MAX_FRAME_BYTES = 16_384
export const LARGEST_FRAME_BYTES = 16_777_215
/** The window of a connection, and of a stream without SETTINGS. */
export const FIRST_WINDOW_BYTES = 65_535
export const LARGEST_WINDOW_BYTES = 2_147_483_647
export const LARGEST_STREAM_ID = 2_147_483_647

/** What a frame says of itself before its payload. */
export interface FrameHeader {
  readonly type: number
  readonly flags: number
  /** 0 is the connection. */
  readonly streamId: number
}

/** Writes the nine bytes before a payload. */
export function writeFrameHeader(
  into: Buffer,
  at: number,
  length: number,
  { type, flags, streamId }: FrameHeader,
): void {
  into[at] = length >>> 16
  into[at + 1] = length >>> 8
  into[at + 2] = length
  into[at + 3] = type
  into[at + 4] = flags
  writeUint32(into, at + 5, streamId)
}

export function writeUint32(into: Buffer, at: number, value: number): void {
  into[at] = value >>> 24
  into[at + 1] = value >>> 16
  into[at + 2] = value >>> 8
  into[at + 3] = value
}

export function readUint32(bytes: Buffer, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

/** Stream identifiers and window increments have one bit less, and what is in that bit means nothing. */
export function readUint31(bytes: Buffer, at: number): number {
  return readUint32(bytes, at) & 0x7f_ff_ff_ff
}

export function readUint24(bytes: Buffer, at: number): number {
  return (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!
}

import {
  ERROR,
  FIRST_WINDOW_BYTES,
  LARGEST_FRAME_BYTES,
  LARGEST_WINDOW_BYTES,
  MAX_FRAME_BYTES,
  readUint32,
  SETTING,
} from '../wire/http2-frames.ts'

/** What the other end has said about itself (RFC 9113 §6.5.2). */
export class PeerSettings {
  tableBytes = 4096
  streamWindowBytes = FIRST_WINDOW_BYTES
  maxStreams = Number.POSITIVE_INFINITY
  private readonly isClient: boolean

  constructor({ isClient }: { readonly isClient: boolean }) {
    this.isClient = isClient
  }

  /** Takes in the payload of a SETTINGS frame, whose length fits. @returns an error of the connection, or NO_ERROR */
  apply(bytes: Buffer, from: number, to: number): number {
    for (let at = from; at < to; at += 6) {
      const code = this.set((bytes[at]! << 8) | bytes[at + 1]!, readUint32(bytes, at + 2))
      if (code !== ERROR.noError) return code
    }
    return ERROR.noError
  }

  private set(setting: number, value: number): number {
    switch (setting) {
      case SETTING.headerTableSize:
        this.tableBytes = value
        return ERROR.noError
      case SETTING.enablePush:
        return value === 0 || (value === 1 && this.isClient) ? ERROR.noError : ERROR.protocolError
      case SETTING.maxConcurrentStreams:
        this.maxStreams = value
        return ERROR.noError
      case SETTING.initialWindowSize:
        if (value > LARGEST_WINDOW_BYTES) return ERROR.flowControlError
        this.streamWindowBytes = value
        return ERROR.noError
      case SETTING.maxFrameSize:
        // We never send larger frames than everybody takes.
        return value >= MAX_FRAME_BYTES && value <= LARGEST_FRAME_BYTES ? ERROR.noError : ERROR.protocolError
      case SETTING.enableConnectProtocol:
        return value <= 1 ? ERROR.noError : ERROR.protocolError
      default:
        return ERROR.noError
    }
  }
}

import { FIRST_WINDOW_BYTES, PREFACE, SETTING } from '../wire/http2-frames.ts'
import type { Output } from './output.ts'
import type { SessionOptions } from './session-user.ts'

/** Writes what either side says first (RFC 9113 §3.4): what it takes, and how much of it. */
export function writeOpening(output: Output, options: SessionOptions): void {
  const { role, maxStreams, maxHeadBytes, streamWindowBytes, sessionWindowBytes } = options
  const isClient = role === 'client'
  if (isClient) output.writePreface(PREFACE)
  output.writeSettings([
    ...(isClient
      ? ([[SETTING.enablePush, 0]] as const)
      : ([
          [SETTING.maxConcurrentStreams, maxStreams],
          [SETTING.enableConnectProtocol, 1],
        ] as const)),
    [SETTING.initialWindowSize, streamWindowBytes],
    [SETTING.maxHeaderListSize, maxHeadBytes],
  ])
  if (sessionWindowBytes > FIRST_WINDOW_BYTES) output.writeWindowUpdate(0, sessionWindowBytes - FIRST_WINDOW_BYTES)
}

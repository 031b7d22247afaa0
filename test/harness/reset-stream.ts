import type { Http2Stream } from 'node:http2'

/**
 * Ends a stream of HTTP/2 with RST_STREAM, so that its other end cannot take what it got for the whole. `stream.close()` alone would
 * end the stream's writing first, and node:http2 sends that end (END_STREAM) before the reset.
 */
export function resetStream(stream: Http2Stream, code: number): void {
  stream._final = done => done()
  stream.close(code)
}

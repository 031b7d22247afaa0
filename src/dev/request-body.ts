import type { IncomingMessage } from 'node:http'
import { ApiError } from './api-error.ts'

/** What is read of a body that is too big, so that the client has sent it all and hears our answer instead of a reset. */
const MAX_DISCARDED_BYTES = 16 * 1024 * 1024

/** The whole body. Throws 413 when it is bigger than allowed; rejects with the socket's error when the client goes away. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0)
  const chunks: Buffer[] = []
  let bytes = 0
  if (announced <= MAX_DISCARDED_BYTES) {
    // Not destroyed when we stop reading: the answer goes out on the same socket.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      const piece = Buffer.from(chunk)
      bytes += piece.length
      if (bytes <= maxBytes) chunks.push(piece)
      else chunks.length = 0
      if (bytes > MAX_DISCARDED_BYTES) break
    }
  }
  if (announced > maxBytes || bytes > maxBytes) {
    const text = `Request body(${Math.max(announced, bytes)} bytes) too large, max size: ${maxBytes} bytes.`
    throw new ApiError(`${text} See https://www.consul.io/docs/agent/options.html#kv_max_value_size.`, { status: 413 })
  }
  return Buffer.concat(chunks)
}

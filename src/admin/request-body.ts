import type { IncomingMessage } from 'node:http'

export class BodyTooLarge extends Error {}

/** The body as text. Throws BodyTooLarge as soon as more than `maxBytes` are announced or arrive. */
export async function readBody(req: IncomingMessage, maxBytes: number): Promise<string> {
  const tooLarge = `the request body is larger than ${maxBytes} bytes`
  if (Number(req.headers['content-length'] ?? 0) > maxBytes) throw new BodyTooLarge(tooLarge)
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of req.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > maxBytes) throw new BodyTooLarge(tooLarge)
  }
  return Buffer.concat(chunks).toString('utf8')
}

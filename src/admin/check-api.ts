import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Rejection } from '../route/command.ts'
import { replyJson, replyText } from './reply.ts'
import { BodyTooLarge, readBody } from './request-body.ts'

const MAX_TEXT_BYTES = 512 * 1024

/** `POST /api/check`: route commands as text in, an array of what is wrong with them out. Changes nothing. */
export async function serveCheck(
  req: IncomingMessage,
  res: ServerResponse,
  checkCommands: (text: string) => readonly Rejection[],
): Promise<void> {
  if (req.method !== 'POST') return replyText(res, 405, 'not allowed\n', { allow: 'POST' })
  try {
    replyJson(res, checkCommands(await readBody(req, MAX_TEXT_BYTES)), { pretty: false })
  } catch (cause) {
    if (!(cause instanceof BodyTooLarge)) throw cause
    replyText(res, 413, `${cause.message}\n`, { connection: 'close' })
  }
}

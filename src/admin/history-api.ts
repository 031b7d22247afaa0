import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RecordedChange } from '../history/route-history.ts'
import { diffRoute } from '../route/table-diff.ts'
import type { HistoryRow } from './history-row.ts'
import { replyJson, replyText } from './reply.ts'

const DEFAULT_LIMIT = 100
const MAX_ROUTES = 50

/** `GET /api/history?limit=100`: the last changes of the table, newest first. */
export function serveHistory(
  req: IncomingMessage,
  res: ServerResponse,
  query: URLSearchParams,
  list: (limit: number) => readonly RecordedChange[],
): void {
  if (req.method !== 'GET') return replyText(res, 405, 'not allowed\n', { allow: 'GET' })
  const limit = query.get('limit') ?? `${DEFAULT_LIMIT}`
  if (!/^[1-9][0-9]{0,3}$/.test(limit)) return replyText(res, 400, 'limit must be a number from 1 to 9999\n')
  const rows = list(Number(limit)).map(({ version, time, causes, count, routes }): HistoryRow => {
    return { version, time, causes, count, routes: routes.slice(0, MAX_ROUTES).map(diffRoute) }
  })
  replyJson(res, rows, { pretty: query.has('pretty') })
}

/** `at=`: milliseconds or seconds since 1970, or a date. Undefined for what is no time. */
export function parseTime(text: string): number | undefined {
  if (/^[0-9]{1,15}$/.test(text)) return Number(text) < 1e11 ? Number(text) * 1000 : Number(text)
  const time = Date.parse(text)
  return Number.isNaN(time) ? undefined : time
}

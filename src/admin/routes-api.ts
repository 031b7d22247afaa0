import type { IncomingMessage, ServerResponse } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import { formatSortedOptions } from '../route/format-table.ts'
import { Content } from './content.ts'
import { parseTime } from './history-api.ts'
import { escapeHtmlCharacters, replyText } from './reply.ts'
import type { RouteRow, RoutesView } from './routes-view.ts'

/** The table at a time in epoch milliseconds; undefined when that is not known. */
export type TableAt = (time: number) => Pick<RoutesView, 'targets' | 'raw'> | undefined

type Format = 'json' | 'pretty' | 'raw'

/** So many rows are written before other work gets its turn: the table of a large site has more than 60,000. */
const ROWS_PER_TURN = 2000

/** `/api/routes`. A version of the table is written out once, however many clients ask for it. */
export class RoutesApi {
  readonly #routes: RoutesView
  readonly #tableAt: TableAt | undefined
  /** Versions begin anew with every process, so an entity tag carries the process's start as well. */
  readonly #epoch = Date.now().toString(36)
  #version = -1
  #contents = new Map<Format, Promise<Content>>()

  constructor(routes: RoutesView, tableAt: TableAt | undefined) {
    this.#routes = routes
    this.#tableAt = tableAt
  }

  async serve(req: IncomingMessage, res: ServerResponse, query: URLSearchParams): Promise<void> {
    const at = query.get('at')
    if (at !== null) return this.#serveAt(req, res, at, query)
    const content = await this.#content(query.has('raw') ? 'raw' : query.has('pretty') ? 'pretty' : 'json')
    await content.reply(req, res)
  }

  /** `at=TIME`: the table as it was then. */
  async #serveAt(req: IncomingMessage, res: ServerResponse, at: string, query: URLSearchParams): Promise<void> {
    const time = parseTime(at)
    if (time === undefined) return replyText(res, 400, 'at must be a date or the seconds or milliseconds since 1970\n')
    const table = this.#tableAt?.(time)
    if (table === undefined)
      return replyText(res, 404, `the history does not reach back to ${new Date(time).toISOString()}\n`)
    if (query.has('raw')) return new Content('text/plain', `${table.raw().replace(/\n+$/, '')}\n`).reply(req, res)
    const json = await formatRows([...table.targets()], { pretty: query.has('pretty') })
    await new Content('application/json; charset=utf-8', json).reply(req, res)
  }

  #content(format: Format): Promise<Content> {
    if (this.#version !== this.#routes.version) {
      this.#version = this.#routes.version
      this.#contents = new Map()
    }
    const contents = this.#contents
    const known = contents.get(format)
    if (known !== undefined) return known
    const content = this.#write(format)
    contents.set(format, content)
    content.catch(() => contents.delete(format)) // Whoever asked is told; whoever asks next gets a new attempt.
    return content
  }

  async #write(format: Format): Promise<Content> {
    const tag = `${this.#epoch}-${this.#version}-${format}`
    if (format === 'raw') return new Content('text/plain', `${this.#routes.raw().replace(/\n+$/, '')}\n`, { tag })
    const json = await formatRows([...this.#routes.targets()], { pretty: format === 'pretty' })
    return new Content('application/json; charset=utf-8', json, { tag })
  }
}

/** The rows must be a copy of the table's state, for the table may change between two turns. */
async function formatRows(rows: readonly RouteRow[], options: { readonly pretty: boolean }): Promise<string> {
  if (rows.length === 0) return 'null' // As Fabio does; clients compare with null.
  const parts: string[] = []
  for (let start = 0; start < rows.length; start += ROWS_PER_TURN) {
    if (start > 0) await setImmediate()
    for (const row of rows.slice(start, start + ROWS_PER_TURN)) parts.push(formatRow(row, options.pretty))
  }
  return options.pretty ? `[\n    ${parts.join(',\n    ')}\n]` : `[${parts.join(',')}]`
}

/** Keys, their order and their constants are Fabio's; rate1 and pct99 have been 0 since its release 1.6.0. */
function formatRow(row: RouteRow, pretty: boolean): string {
  const shown = {
    service: row.service,
    host: row.host,
    path: row.path,
    src: row.host + row.path,
    dst: row.dst,
    opts: formatSortedOptions(row.options),
    cmd: 'route add',
    ...(row.tags.length > 0 ? { tags: row.tags } : {}),
    weight: row.weight,
    rate1: 0,
    pct99: 0,
  }
  const json = escapeHtmlCharacters(JSON.stringify(shown, null, pretty ? 4 : 0))
  return pretty ? json.replaceAll('\n', '\n    ') : json
}

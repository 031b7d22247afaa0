import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from '../log/log.ts'
import type { OverrideStore } from '../registry/registry.ts'
import type { Rejection } from '../route/command.ts'
import type { OverridePreview } from './override-preview.ts'
import { replyJson, replyText } from './reply.ts'
import { BodyTooLarge, readBody } from './request-body.ts'
import { isSameOrigin } from './same-origin.ts'

/** What Consul's key/value store takes at most. */
const MAX_VALUE_BYTES = 512 * 1024
/** JSON writes a line feed as two bytes and a control character as six; twice the value is room for any honest text. */
const MAX_BODY_BYTES = 2 * MAX_VALUE_BYTES
const MAX_VERSION = 2n ** 64n - 1n

interface OverrideWrite {
  readonly value: string
  readonly version: string
}

export interface OverridesApiOptions {
  readonly overrides?: OverrideStore | undefined
  readonly log: Log
  /** Finds what is wrong with route commands before they are stored. */
  readonly checkCommands?: (text: string) => readonly Rejection[]
  /** What the table would become if the text of a source were this one. */
  readonly previewOverride?: (source: string, text: string) => OverridePreview
}

class InvalidWrite extends Error {}

/** `/api/paths` and `/api/manual`: the operator's own route commands. Without a store there are none, and none can be kept. */
export class OverridesApi {
  readonly #options: OverridesApiOptions
  readonly #store: OverrideStore | undefined
  readonly #log: Log

  constructor(options: OverridesApiOptions) {
    this.#options = options
    this.#store = options.overrides
    this.#log = options.log
  }

  async servePaths(req: IncomingMessage, res: ServerResponse, options: { readonly pretty: boolean }): Promise<void> {
    if (req.method !== 'GET') return replyText(res, 405, 'not allowed\n', { allow: 'GET' })
    try {
      const paths = (await this.#store?.list()) ?? []
      replyJson(res, paths.length === 0 ? null : paths, options)
    } catch (cause) {
      this.#replyStoreError(res, 'listing the overrides', cause)
    }
  }

  async serveOverride(req: IncomingMessage, res: ServerResponse, path: string, query: URLSearchParams): Promise<void> {
    const options = { pretty: query.has('pretty') }
    if (req.method !== 'GET' && req.method !== 'PUT') return replyText(res, 405, 'not allowed\n', { allow: 'GET, PUT' })
    const mistake = findPathMistake(path)
    if (mistake !== undefined) return replyText(res, 400, `${mistake}\n`)
    if (query.has('dryrun')) return this.#preview(req, res, path, query)
    if (req.method === 'PUT') return this.#write(req, res, path)
    try {
      const { value, version } = (await this.#store?.read(path)) ?? { value: '', version: '0' }
      replyJson(res, { value: value.trim(), version }, options)
    } catch (cause) {
      this.#replyStoreError(res, `reading override '${path}'`, cause)
    }
  }

  async #write(req: IncomingMessage, res: ServerResponse, path: string): Promise<void> {
    if (!isSameOrigin(req)) {
      return replyText(
        res,
        403,
        `a page of another host (${req.headers.origin ?? 'unknown'}) may not change overrides\n`,
      )
    }
    const write = await this.#readWrite(req, res)
    if (write === undefined) return
    const bytes = Buffer.byteLength(write.value)
    if (bytes > MAX_VALUE_BYTES) {
      return replyText(res, 413, `the value has ${bytes} bytes; an override may have at most ${MAX_VALUE_BYTES}\n`)
    }
    const rejections = this.#options.checkCommands?.(write.value) ?? []
    if (rejections.length > 0) return replyText(res, 400, formatRejections(rejections))
    try {
      const outcome = (await this.#store?.write(path, write.value, write.version)) ?? 'version-mismatch'
      if (outcome === 'version-mismatch') return replyText(res, 409, 'version mismatch\n')
    } catch (cause) {
      return this.#replyStoreError(res, `storing override '${path}'`, cause)
    }
    this.#log.info(
      `Override '${path}' stored, ${bytes} bytes, from ${req.socket.remoteAddress ?? 'a client that left'}`,
    )
    res.writeHead(200, { 'content-length': 0 }).end()
  }

  /** `?dryrun`: what storing the text of the body, or of `value`, or what is stored, would do. Stores nothing. */
  async #preview(req: IncomingMessage, res: ServerResponse, path: string, query: URLSearchParams): Promise<void> {
    const { previewOverride } = this.#options
    if (previewOverride === undefined || this.#store === undefined)
      return replyText(res, 404, 'this registry backend keeps no overrides\n')
    try {
      const stored = await this.#store.read(path)
      const asked =
        req.method === 'PUT' ? await this.#readWrite(req, res) : { value: query.get('value') ?? stored.value }
      if (asked === undefined) return
      const preview = previewOverride(this.#store.sourceOf(path), asked.value.trim())
      replyJson(res, { version: stored.version, ...preview }, { pretty: query.has('pretty') })
    } catch (cause) {
      this.#replyStoreError(res, `reading override '${path}'`, cause)
    }
  }

  /** Undefined: the request has its answer. */
  async #readWrite(req: IncomingMessage, res: ServerResponse): Promise<OverrideWrite | undefined> {
    try {
      return parseOverrideWrite(await readBody(req, MAX_BODY_BYTES))
    } catch (cause) {
      if (cause instanceof BodyTooLarge) replyText(res, 413, `${cause.message}\n`, { connection: 'close' })
      else if (cause instanceof InvalidWrite) replyText(res, 400, `${cause.message}\n`)
      else throw cause
      return undefined
    }
  }

  #replyStoreError(res: ServerResponse, attempt: string, cause: unknown): void {
    const message = cause instanceof Error ? cause.message : String(cause)
    this.#log.error(`Error ${attempt}: ${message}`)
    replyText(res, 500, `${message}\n`)
  }
}

const MAX_NAMED = 20

function formatRejections(rejections: readonly Rejection[]): string {
  const lines = rejections.slice(0, MAX_NAMED).map(({ line, column, reason, expected, text }) => {
    return `line ${line}, column ${column}: ${reason}; expected ${expected}: ${text}`
  })
  if (rejections.length > MAX_NAMED) lines.push(`and ${rejections.length - MAX_NAMED} more`)
  return `nothing was stored, because not all of it is route commands\n${lines.join('\n')}\n`
}

/** Dot segments would leave `registry.consul.kvpath` on the way to Consul; the others only make keys nobody can type. */
function findPathMistake(path: string): string | undefined {
  if (path.split('/').some(segment => segment === '.' || segment === '..'))
    return 'the path of an override has no dot segments'
  if (/[\x00-\x1f\x7f]/.test(path)) return 'the path of an override has no control characters'
  return undefined
}

/** `{"value": "<commands>", "version": "42"}`. Names may be written in any case and left out, as with Go's decoder. */
function parseOverrideWrite(body: string): OverrideWrite {
  let document: unknown
  try {
    document = JSON.parse(body)
  } catch (cause) {
    throw new InvalidWrite(`the body is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new InvalidWrite('the body must be a JSON object such as {"value":"route add …","version":"42"}')
  }
  let value = ''
  let version = '0'
  for (const [name, field] of Object.entries(document)) {
    if (field === null) continue
    if (/^value$/i.test(name)) value = textOf('value', field)
    if (/^version$/i.test(name)) version = parseVersion(field)
  }
  return { value, version }
}

function textOf(name: string, field: unknown): string {
  if (typeof field !== 'string')
    throw new InvalidWrite(`'${name}' must be a string, not ${JSON.stringify(field).slice(0, 40)}`)
  return field
}

/** A string, for a number of 64 bits does not survive every JSON parser. */
function parseVersion(field: unknown): string {
  const text = textOf('version', field)
  if (!/^\d{1,20}$/.test(text) || BigInt(text) > MAX_VERSION) {
    throw new InvalidWrite(`'version' must be a whole number in quotes such as "42", not "${text.slice(0, 40)}"`)
  }
  return text
}

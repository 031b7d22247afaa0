import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Agent, type Dispatcher, request } from 'undici'
import type { Log } from '../log/log.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Vault said no; its own words are in the message. */
class VaultError extends Error {
  readonly status: number

  constructor(message: string, status: number) {
    super(message)
    this.status = status
  }
}

interface Token {
  readonly text: string
  /** When to ask for more time, in milliseconds of `Date.now()`; Infinity when there is no need. */
  readonly renewAt: number
}

const TIMEOUT_MS = 10_000
const RENEWAL_RETRY_MS = 1000

/**
 * Vault's HTTP API, as much of it as certificates need. The token is read again for every load, so one that is replaced is taken
 * up; a wrapped one is unwrapped, and one with an end is renewed at half of its time.
 */
export class VaultClient {
  private readonly origin: string
  private readonly namespace: string
  private readonly dispatcher: Dispatcher
  private readonly fetchToken: string
  private readonly env: Environment
  private readonly log: Log
  private given = ''
  private token: Token | undefined

  /** @throws Error when a file of VAULT_CACERT cannot be read, or VAULT_ADDR is no URL */
  constructor(fetchToken: string, { env, log }: { readonly env: Environment; readonly log: Log }) {
    this.fetchToken = fetchToken
    this.env = env
    this.log = log
    this.origin = new URL(env.VAULT_ADDR || 'https://127.0.0.1:8200').origin
    this.namespace = env.VAULT_NAMESPACE ?? ''
    const { VAULT_CACERT = '', VAULT_TLS_SERVER_NAME = '', VAULT_SKIP_VERIFY = '' } = env
    this.dispatcher = new Agent({
      connect: {
        ...(VAULT_CACERT === '' ? {} : { ca: readFileSync(VAULT_CACERT, 'utf8') }),
        ...(VAULT_TLS_SERVER_NAME === '' ? {} : { servername: VAULT_TLS_SERVER_NAME }),
        rejectUnauthorized: !['1', 't', 'true'].includes(VAULT_SKIP_VERIFY.toLowerCase()),
      },
    })
  }

  /** The `data` of an answer; undefined for 404. Throws a VaultError, or an Error when Vault is not there. */
  async ask(
    method: 'GET' | 'LIST' | 'PUT',
    path: string,
    { signal, body }: { readonly signal: AbortSignal; readonly body?: object },
  ): Promise<Record<string, unknown> | undefined> {
    const token = await this.currentToken(signal)
    return (await this.send(method, path, { token, signal, body }))?.data as Record<string, unknown> | undefined
  }

  [Symbol.dispose](): void {
    void this.dispatcher.destroy()
  }

  private async send(
    method: 'GET' | 'LIST' | 'PUT',
    path: string,
    {
      token,
      signal,
      body,
    }: { readonly token: string; readonly signal: AbortSignal; readonly body?: object | undefined },
  ): Promise<Record<string, unknown> | undefined> {
    // Not every proxy lets the method LIST through; Vault takes this for the same.
    const query = method === 'LIST' ? '?list=true' : ''
    const answer = await request(`${this.origin}/v1/${encodePath(path)}${query}`, {
      method: method === 'LIST' ? 'GET' : method,
      headers: {
        'x-vault-token': token,
        'x-vault-request': 'true',
        ...(this.namespace === '' ? {} : { 'x-vault-namespace': this.namespace }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      dispatcher: this.dispatcher,
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    })
    const text = await answer.body.text()
    if (answer.statusCode === 404) return undefined
    if (answer.statusCode >= 300)
      throw new VaultError(`vault: ${method} ${path}: ${wordsOf(text, answer.statusCode)}`, answer.statusCode)
    return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
  }

  private async currentToken(signal: AbortSignal): Promise<string> {
    const given = await this.readToken()
    if (given === '') throw new Error('vault: no token')
    if (this.token === undefined || given !== this.given) {
      this.token = await this.install(given, signal)
      this.given = given
    } else if (Date.now() >= this.token.renewAt) {
      this.token = await this.renew(this.token.text, signal)
    }
    return this.token.text
  }

  private async readToken(): Promise<string> {
    const [, kind, name = ''] = /^(file|env):(.*)$/s.exec(this.fetchToken) ?? []
    if (kind === 'file') return (await readFile(name, 'utf8')).trim()
    if (kind === 'env') return this.env[name]?.trim() ?? ''
    return this.env.VAULT_TOKEN?.trim() ?? ''
  }

  /** A token that wraps another knows only how to be unwrapped, once. */
  private async install(given: string, signal: AbortSignal): Promise<Token> {
    let text = given
    try {
      const unwrapped = await this.send('PUT', 'sys/wrapping/unwrap', { token: given, signal })
      const inner = (unwrapped?.auth as { client_token?: unknown } | undefined)?.client_token
      if (typeof inner === 'string') {
        text = inner
        this.log.info('vault: Unwrapped token')
      }
    } catch (cause) {
      // An ordinary token is none that wraps: Vault says so with 400, and with 403 where it may not ask.
      if (!(cause instanceof VaultError)) throw cause
    }
    return { text, renewAt: await this.halfLife(text, signal) }
  }

  private async halfLife(token: string, signal: AbortSignal): Promise<number> {
    try {
      const data = (await this.send('GET', 'auth/token/lookup-self', { token, signal }))?.data as
        | { ttl?: unknown; renewable?: unknown }
        | undefined
      const ttl = typeof data?.ttl === 'number' ? data.ttl : 0
      if (ttl === 0) return Number.POSITIVE_INFINITY
      if (data?.renewable === true) return Date.now() + (ttl / 2) * 1000
      this.log.warn(`vault: Token is not renewable and will expire in ${ttl}s`)
    } catch (cause) {
      this.log.warn(`vault: lookup-self failed, token renewal is disabled: ${String(cause)}`)
    }
    return Number.POSITIVE_INFINITY
  }

  private async renew(token: string, signal: AbortSignal): Promise<Token> {
    try {
      const auth = (await this.send('PUT', 'auth/token/renew-self', { token, signal, body: {} }))?.auth as
        | { lease_duration?: unknown }
        | undefined
      const ttl = typeof auth?.lease_duration === 'number' ? auth.lease_duration : 0
      return { text: token, renewAt: ttl === 0 ? Number.POSITIVE_INFINITY : Date.now() + (ttl / 2) * 1000 }
    } catch (cause) {
      this.log.warn(`vault: Failed to renew token: ${String(cause)}`)
      return { text: token, renewAt: Date.now() + RENEWAL_RETRY_MS }
    }
  }
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}

function wordsOf(text: string, status: number): string {
  try {
    const { errors } = JSON.parse(text) as { errors?: unknown }
    if (Array.isArray(errors) && errors.length > 0) return errors.join('; ')
  } catch {
    // Some proxy's page: the status says enough.
  }
  return `status ${status}`
}

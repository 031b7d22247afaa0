import { readFile } from 'node:fs/promises'
import { getCACertificates } from 'node:tls'
import { getSystemErrorMessage } from 'node:util'
import { Agent, interceptors, request } from 'undici'
import { ConfigError, type Refuse, throwError } from './config-error.ts'
import type { Environment } from './environment.ts'
import { type Properties, parseProperties } from './properties.ts'
import { expandEnvironment } from './properties-expansion.ts'

/** The properties that -cfg names. */
export interface ConfigFile extends Properties {
  /** Path or URL, without credentials. */
  readonly name: string
}

const FETCH_TIMEOUT_MS = 30_000

const LARGEST_FILE_BYTES = 16 << 20

/**
 * What is wrong within the file is refused.
 * @throws ConfigError when it cannot be read
 */
export async function loadConfigFile(
  path: string,
  environment: Environment,
  refuse: Refuse = throwError,
): Promise<ConfigFile> {
  const location = expandEnvironment(path, environment)
  const isUrl = location.startsWith('http://') || location.startsWith('https://')
  const name = isUrl ? location.replace(/^(https?:\/\/)[^/?#]*@/, '$1') : location
  const text = isUrl ? await fetchText(location, name) : await readText(location)
  return { name, ...parseProperties(text, environment, error => refuse(error.at({ place: name }))) }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new ConfigError(`open ${path}: ${systemMessage(cause)}`, { cause })
  }
}

function systemMessage(cause: unknown): string {
  if (cause instanceof Error && 'errno' in cause && typeof cause.errno === 'number')
    return getSystemErrorMessage(cause.errno)
  return String(cause)
}

async function fetchText(url: string, name: string): Promise<string> {
  // Node trusts the authorities it was built with; Fabio those of the system.
  const ca = [...getCACertificates('default'), ...getCACertificates('system')]
  const agent = new Agent({ allowH2: false, connect: { ca } })
  try {
    const { origin, username, password, pathname, search } = new URL(url)
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
    const { statusCode, headers, body } = await request(`${origin}${pathname}${search}`, {
      dispatcher: agent.compose(interceptors.redirect({ maxRedirections: 10, throwOnMaxRedirect: true })),
      headers: credentials === ':' ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
      signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
    })
    if (statusCode !== 200) throw new ConfigError(`properties: ${name} returned ${statusCode}`)
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of body) {
      size += chunk.length
      if (size > LARGEST_FILE_BYTES)
        throw new ConfigError(`properties: ${name} is larger than ${LARGEST_FILE_BYTES} bytes`)
      chunks.push(chunk)
    }
    return decode(Buffer.concat(chunks), String(headers['content-type'] ?? ''), name)
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause
    throw new ConfigError(
      `properties: error fetching "${name}". ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    )
  } finally {
    await agent.destroy()
  }
}

/** UTF-8 unless the server says otherwise. Fabio takes text/plain without a charset for ISO-8859-1 and mangles it. */
function decode(bytes: Buffer, contentType: string, name: string): string {
  const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1] ?? 'utf-8'
  if (/^(?:iso-8859-1|latin1)$/i.test(charset)) return bytes.toString('latin1')
  try {
    return new TextDecoder(charset).decode(bytes)
  } catch (cause) {
    throw new ConfigError(`properties: invalid content type ${contentType} of ${name}`, { cause })
  }
}

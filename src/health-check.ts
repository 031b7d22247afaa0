import { Agent, request } from 'undici'
import type { Config } from './config/config.ts'

const TIMEOUT_MS = 3000

/** `-healthcheck`: asks the router that runs with this configuration on this machine. @returns the exit code, 0 when it is well */
export async function checkHealth(ui: Config['ui']): Promise<0 | 1> {
  const { listener } = ui
  if (listener === undefined) return 1
  const isAny = listener.host === '' || listener.host === '0.0.0.0' || listener.host === '::'
  const host = isAny ? '127.0.0.1' : listener.host
  const scheme = listener.certSource === undefined ? 'http' : 'https'
  // Its certificate is for the name that operators use, and not for an address of this machine; nothing secret is said either way.
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } })
  try {
    const url = `${scheme}://${host.includes(':') ? `[${host}]` : host}:${listener.port}/health`
    const { statusCode, body } = await request(url, { dispatcher, signal: AbortSignal.timeout(TIMEOUT_MS) })
    await body.dump()
    return statusCode === 200 ? 0 : 1
  } catch {
    // Whatever keeps it from answering, it is not well.
    return 1
  } finally {
    await dispatcher.destroy()
  }
}

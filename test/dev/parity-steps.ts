import { compareBytes } from '../../src/dev/byte-order.ts'

/** One call of the script that a real Consul and the dev registry both get. */
export interface Step {
  readonly method?: 'GET' | 'PUT' | 'DELETE' | 'POST' | 'PATCH' | 'OPTIONS'
  /** NODE stands for the node's name, TARGET for the address that checks can look at. */
  readonly path: string
  readonly body?: string | Uint8Array<ArrayBuffer>
  /** What of a JSON answer is compared; everything when left out. */
  readonly pick?: (value: unknown) => unknown
  /** What of a text answer is compared. */
  readonly text?: (text: string) => string
}

export const register = (service: object | string): Step => put('/v1/agent/service/register', service)
export const check = (definition: object | string): Step => put('/v1/agent/check/register', definition)
export const kv = (path: string, body = ''): Step => put(`/v1/kv/${path}`, body)
export const get = (path: string): Step => ({ path: `/v1/${path}` })

export function put(path: string, body: object | string = ''): Step {
  return { method: 'PUT', path, body: typeof body === 'string' ? body : JSON.stringify(body) }
}

/** Go and V8 find other words for what is wrong with JSON; the beginning is Consul's. */
export const decodeFailure = (step: Step): Step => ({
  ...step,
  text: text => text.replace(/^(Request decode failed:).*$/su, '$1'),
})

export function keysOf(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return value
  const [, inner] = Object.entries(value).find(([name]) => name === key) ?? []
  return typeof inner === 'object' && inner !== null ? Object.keys(inner) : inner
}

export const sortTags = (value: unknown): unknown =>
  typeof value === 'object' && value !== null
    ? Object.fromEntries(
        Object.entries(value).map(([name, tags]) => [
          name,
          Array.isArray(tags) ? tags.map(String).sort(compareBytes) : tags,
        ]),
      )
    : value

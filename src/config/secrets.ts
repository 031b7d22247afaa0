import { formatKeyValueList, parseKeyValueList } from './key-value-list.ts'

const HIDDEN = '****'

/** Nothing stays nothing, so that one sees whether there is a secret. */
export function hideSecret(secret: string): string {
  return secret === '' ? '' : HIDDEN
}

/**
 * Hides what stands before the @ of a URL, and the values of parameters whose names sound like secrets, wherever they are in the
 * text. The text may hold several URLs, or be only the query of one.
 */
export function hideUrlCredentials(text: string): string {
  return text
    .replaceAll(/(\/\/)[^\s/?#@]+@/g, `$1${HIDDEN}@`)
    .replaceAll(/^[^\s/?#@]+@/g, `${HIDDEN}@`)
    .replaceAll(
      /((?:^|[?&;])[^=&;\s]*(?:token|secret|password|passwd|apikey|api_key|access_key|auth)[^=&;\s]*=)[^&;\s#]+/gi,
      `$1${HIDDEN}`,
    )
}

/** Keys of proxy.cs and bgp.peers whose whole value is secret. */
const SECRET_KEYS: ReadonlySet<string> = new Set(['hdr', 'password'])

/** The same for a key-value list that can be parsed. */
export function hideListSecrets(text: string): string {
  const { maps } = parseKeyValueList(text)
  const hidden = maps.map(map => {
    const hide = ([key, value]: readonly [string, string]) =>
      [key, SECRET_KEYS.has(key) ? hideSecret(value) : hideUrlCredentials(value)] as const
    return new Map([...map].map(hide))
  })
  return formatKeyValueList(hidden)
}

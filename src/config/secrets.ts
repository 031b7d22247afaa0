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

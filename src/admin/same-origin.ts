import type { IncomingMessage } from 'node:http'

/**
 * May this request change something? A browser says with `Origin` which page sends it; a page of another host may not.
 * Programs send no `Origin` and may. The host a reverse proxy was asked for (`X-Forwarded-Host`) counts as ours:
 * a page of another host cannot set that header without a preflight, and no preflight is ever granted.
 */
export function isSameOrigin(req: IncomingMessage): boolean {
  const { origin } = req.headers
  if (origin === undefined) return req.headers['sec-fetch-site'] !== 'cross-site'
  if (!URL.canParse(origin)) return false // Including `null`, the origin of sandboxed pages.
  const page = new URL(origin)
  const forwardedHosts = String(req.headers['x-forwarded-host'] ?? '').split(',')
  return [req.headers.host ?? '', ...forwardedHosts].some(host => hasHost(page, host.trim()))
}

/** Compares as URLs do: upper and lower case are one, and so are no port and the scheme's own. */
function hasHost(page: URL, host: string): boolean {
  const ours = `${page.protocol}//${host}`
  return page.host !== '' && host !== '' && URL.canParse(ours) && new URL(ours).host === page.host
}

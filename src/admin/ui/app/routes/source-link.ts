import type { PageSettings } from '../../page-settings.ts'

/** Where the page itself was loaded from. */
export interface PageLocation {
  readonly protocol: string
  readonly hostname: string
}

/** `ui.routingtable.source.*`: the address at which a route answers, when it can be told. */
export function buildSourceLink(
  route: { readonly src: string; readonly dst: string },
  source: PageSettings['source'],
  page: PageLocation,
): string | undefined {
  const isWeb = /^https?:\/+/i
  if (!source.linkEnabled || !isWeb.test(route.dst) || isWeb.test(route.src)) return undefined
  const scheme = source.scheme === '' ? '' : `${source.scheme}:`
  if (!route.src.startsWith('/')) return fitForLink(`${scheme}//${route.src}`)
  const port = /:\d+/.exec(route.src)?.[0] ?? (source.port === '' ? '' : `:${source.port}`)
  return fitForLink(`${scheme === '' ? page.protocol : scheme}//${source.host || page.hostname}${port}${route.src}`)
}

/** The scheme comes from an option and the rest from a tag: nothing but web addresses gets through, and no glob. */
function fitForLink(url: string): string | undefined {
  return /^(https?:)?\/\/[^/*{]+(\/|$)/i.test(url) ? url : undefined
}

import type { PageSettings } from '../page-settings.ts'

/** Which page an address asks for. */
export type Page =
  | { readonly name: 'routes' }
  | { readonly name: 'config' }
  | { readonly name: 'certs' }
  | { readonly name: 'problems' }
  | { readonly name: 'history' }
  | { readonly name: 'explain' }
  | { readonly name: 'manual'; readonly path: string }

/** `pathname` is encoded, as in `location`. What is not known is the routes page: the server shows pages only where there are some. */
export function pageOf(pathname: string, settings: PageSettings): Page {
  const path = pathname.slice(settings.base.length)
  if (path === '/explain') return { name: 'explain' }
  if (path === '/history') return { name: 'history' }
  if (path === '/problems') return { name: 'problems' }
  if (path === '/certs') return { name: 'certs' }
  if (path === '/config') return { name: 'config' }
  if (path === '/manual') return { name: 'manual', path: '' }
  if (path.startsWith('/manual/')) return { name: 'manual', path: decodePath(path.slice('/manual'.length)) }
  return { name: 'routes' }
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path // Not UTF-8; the server will say so.
  }
}

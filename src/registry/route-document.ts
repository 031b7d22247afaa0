import { compareBytes, trimSpace } from '../route/go-text.ts'
import type { ServiceRoute } from './route-service.ts'
import type { RouteLine } from './route-text.ts'

/** All commands as one text: those of services in descending byte order, then the texts. */
export function formatDocument(
  serviceRoutes: Iterable<ServiceRoute>,
  texts: ReadonlyMap<string, readonly RouteLine[]>,
  options: { readonly textHeadings: boolean },
): string {
  const serviceLines: string[] = []
  for (const { add } of serviceRoutes) if (add !== undefined) serviceLines.push(add.line)
  serviceLines.sort((a, b) => compareBytes(b, a))

  const sources = [...texts.keys()].sort(compareBytes)
  const textOf = (source: string) => trimSpace((texts.get(source) ?? []).map(line => line.raw.text).join('\n'))
  // Where texts have no names, they stand where the lines of services would be.
  if (!options.textHeadings) return `${[...serviceLines, ...sources.map(textOf)].join('\n')}\n`
  const blocks = sources.map(source => `${headingOf(source)}\n${textOf(source)}`)
  return `${serviceLines.join('\n')}\n${blocks.join('\n\n')}`
}

export function headingOf(source: string): string {
  return `# --- ${source}`
}

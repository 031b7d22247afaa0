import type { Entry, Node, TextNode } from './structured-text.ts'

/** A service of a definition or a job, with the tags that would be registered. */
export interface FoundService {
  /** `''` where it is not said, or only known when it runs. */
  readonly name: string
  readonly tags: readonly TextNode[]
}

/**
 * The services of a Consul service definition (`service`, `services`) or of a Nomad job (`service` blocks of groups and tasks,
 * `Services` in JSON), wherever they stand; or a JSON list of tags.
 */
export function findServices(root: Node): readonly FoundService[] {
  if (root.kind === 'list' && root.items.length > 0 && root.items.every(({ kind }) => kind === 'text'))
    return [{ name: '', tags: root.items.filter(isText) }]
  // What the HTTP API takes is the service itself.
  if (root.kind === 'object' && root.entries.some(isTags) && !root.entries.some(isServices))
    return [toService(root.entries)]
  return findIn(root)
}

function findIn(node: Node): readonly FoundService[] {
  if (node.kind === 'list') return node.items.flatMap(findIn)
  if (node.kind !== 'object') return []
  return node.entries.flatMap(entry => {
    if (!isServices(entry)) return findIn(entry.value)
    const services = entry.value.kind === 'list' ? entry.value.items : [entry.value]
    return services.flatMap(service => (service.kind === 'object' ? [toService(service.entries, entry.labels)] : []))
  })
}

function toService(entries: readonly Entry[], labels: readonly string[] = []): FoundService {
  const name = entries.find(({ key }) => /^name$/i.test(key))?.value
  const lists = entries.filter(isTags).map(({ value }) => value)
  const tags = lists.flatMap(list => (list.kind === 'list' ? list.items.filter(isText) : []))
  return { name: name?.kind === 'text' ? name.value : (labels[0] ?? ''), tags }
}

function isServices({ key }: Entry): boolean {
  return /^services?$/i.test(key)
}

function isTags({ key }: Entry): boolean {
  return /^(?:canary_?)?tags$/i.test(key)
}

function isText(node: Node): node is TextNode {
  return node.kind === 'text'
}

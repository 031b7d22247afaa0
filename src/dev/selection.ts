import type { Catalog, ServiceRecord } from './catalog.ts'
import type { Call } from './endpoint.ts'
import { NODE_META } from './node-view.ts'

/** Instances of the service that have all the tags asked for, without regard to case. */
export function selectInstances(catalog: Catalog, call: Call): readonly ServiceRecord[] {
  if (!isNodeSelected(call.query)) return []
  const wanted = call.query.getAll('tag').map(tag => tag.toLowerCase())
  return catalog.instances(call.rest).filter(({ service }) => {
    const tags = service.tags.map(tag => tag.toLowerCase())
    return wanted.every(tag => tags.includes(tag))
  })
}

/** `node-meta=key:value`, which may come more than once. */
export function isNodeSelected(query: URLSearchParams): boolean {
  return query.getAll('node-meta').every(pair => {
    const [key = '', ...value] = pair.split(':')
    return NODE_META.get(key) === value.join(':')
  })
}

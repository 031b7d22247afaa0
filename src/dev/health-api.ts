import { badRequest } from './api-error.ts'
import type { Catalog, CheckRecord } from './catalog.ts'
import { checkView, nodeServiceView } from './catalog-views.ts'
import { type Answer, type Call, type Endpoint, get, json, namedRead } from './endpoint.ts'
import { type NodeIdentity, nodeView } from './node-view.ts'
import { parseGoBool } from './read-options.ts'
import { isNodeSelected, selectInstances } from './selection.ts'

/** /v1/health/…: checks, and services with theirs. */
export function healthEndpoints(catalog: Catalog, node: NodeIdentity): readonly Endpoint[] {
  const checksThat = (call: Call, isIt: (check: CheckRecord) => boolean): Answer => {
    const checks = isNodeSelected(call.query) ? catalog.checks().filter(isIt) : []
    return json(checks.map(check => checkView(check, node)))
  }
  const isSame = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()
  return [
    get('/v1/health/state/', call =>
      namedRead(call, 'Missing check state', {
        index: () => catalog.checksIndex,
        answer: () => checksThat(call, ({ status }) => call.rest === 'any' || status === call.rest),
      }),
    ),
    get('/v1/health/node/', call =>
      namedRead(call, 'Missing node name', {
        index: () => catalog.checksIndex,
        answer: () => checksThat(call, () => isSame(call.rest, node.name)),
      }),
    ),
    get('/v1/health/checks/', call =>
      namedRead(call, 'Missing service name', {
        index: () => catalog.checksIndex,
        answer: () => checksThat(call, check => check.serviceId !== '' && isSame(check.serviceName, call.rest)),
      }),
    ),
    get('/v1/health/service/', call => {
      const isPassingOnly = parsePassing(call.query)
      return namedRead(call, 'Missing service name', {
        index: () => catalog.indexOf(call.rest),
        answer: () => serviceHealth(catalog, node, call, isPassingOnly),
      })
    }),
  ]
}

function parsePassing(query: URLSearchParams): boolean {
  const text = query.get('passing')
  const isPassingOnly = text === '' ? true : parseGoBool(text ?? 'false')
  if (isPassingOnly === undefined) throw badRequest('Invalid value for ?passing')
  return isPassingOnly
}

function serviceHealth(catalog: Catalog, node: NodeIdentity, call: Call, isPassingOnly: boolean): Answer {
  const instances = selectInstances(catalog, call).map(record => {
    const checks = catalog.checks()
    const ofNode = checks.filter(check => check.serviceId === '')
    return { record, checks: [...ofNode, ...checks.filter(check => check.serviceId === record.service.id)] }
  })
  const shown = instances.filter(({ checks }) => !isPassingOnly || checks.every(check => check.status === 'passing'))
  return json(
    shown.map(({ record, checks }) => ({
      Node: nodeView(node, catalog.nodeIndex),
      Service: nodeServiceView(record),
      Checks: checks.map(check => checkView(check, node)),
    })),
  )
}

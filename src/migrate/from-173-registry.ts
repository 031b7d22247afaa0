// As in from-173.ts, for where routes come from.

import type { Rule } from './note.ts'

const firstTable: Rule = file => {
  const { backend } = file.config.registry
  if (backend === 'static' || backend === 'file') return undefined
  return {
    urgency: 'know',
    options: ['registry.timeout'],
    was: 'listeners opened with the first table, however long that took, or with the first part of it',
    now: 'they open with the first whole table, or after registry.timeout with what is known',
    todo: 'nothing; raise it where the registry takes longer',
  }
}

const badRoutes: Rule = file => ({
  urgency: 'look',
  options: [
    {
      consul: 'registry.consul.tagprefix',
      custom: 'registry.custom.host',
      file: 'registry.file.path',
      static: 'registry.static.routes',
    }[file.config.registry.backend],
  ],
  was: 'one bad tag or line stopped all updates of the table; allow= or deny= that did not parse let everybody in',
  now: 'it costs only itself and is listed at /api/problems; such a route denies everybody',
  todo: 'search the old log for "failed to process access rules", and look at /api/problems after the start',
})

const routeFile: Rule = file =>
  file.config.registry.backend === 'file'
    ? {
        urgency: 'look',
        options: ['registry.file.path', 'registry.file.noroutehtmlpath'],
        was: 'the files were read once, and 1.7.3 did not start without noroutehtmlpath',
        now: 'changes count within a second; no page is needed',
        todo: 'do not prepare changes in the live file',
      }
    : undefined

const customRegistry: Rule = file =>
  file.config.registry.backend === 'custom'
    ? {
        urgency: 'know',
        options: ['registry.custom.host', 'registry.custom.pollinterval'],
        was: 'fields that an element left out kept the value of the answer before; one bad element rejected the answer; every failure was logged',
        now: 'such fields are empty; it costs only itself; a failure is logged once. Entity tags and gzip are used, at most ten requests a second are made',
        todo: 'let the endpoint say all fields of every element',
      }
    : undefined

const consulQueries: Rule = file =>
  file.usesConsul
    ? {
        urgency: 'know',
        options: ['registry.consul.addr', 'registry.consul.pollinterval'],
        was: 'every change of any check asked Consul about every routed service; an outage was a WARN each second',
        now: 'five long queries, and PUT /v1/txn (reading) for what changed; an outage is one WARN, its end one INFO; the first table does not wait for pollinterval',
        todo: 'alerts on the rate of those lines must look for the first one; a proxy before Consul must let /v1/txn through',
      }
    : undefined

const kvPrefix: Rule = file => {
  if (!file.usesConsul) return undefined
  const { kvPath, noRouteHtmlPath } = file.config.registry.consul
  const isOdd = [kvPath, noRouteHtmlPath].some(path => !path.startsWith('/') || path.endsWith('/'))
  return {
    urgency: isOdd ? 'look' : 'know',
    options: ['registry.consul.kvpath', 'registry.consul.noroutehtmlpath'],
    was: `a prefix: ${kvPath} also read ${kvPath.replace(/\/$/, '')}-old; without a leading slash, writes lost a letter of the key`,
    now: 'the key itself and the keys below it, with or without slashes around; a WARN names the others',
    todo: isOdd ? 'move keys that were written to a name without its first letter' : 'nothing, unless the WARN comes',
  }
}

const registerHost: Rule = file => {
  if (!file.isRegistered) return undefined
  const { addr } = file.config.registry.consul.register
  const host = addr.replace(/:[^:]*$/, '')
  const isAddress = /^[0-9.]+$|^\[/.test(host)
  if (host === '' || (isAddress && !['0.0.0.0', '[::]'].includes(host))) return undefined
  return {
    urgency: 'look',
    options: ['registry.consul.register.addr', 'ui.addr'],
    was: isAddress
      ? `${host} was registered as it stands`
      : 'a name was ignored, and the first address of the machine registered',
    now: isAddress ? 'the first address of the machine is registered' : 'the name is resolved',
    todo: `check that ${addr} is where this router is reached`,
  }
}

const monitors: Rule = file =>
  file.usesConsul && file.config.registry.consul.serviceMonitors > 24
    ? {
        urgency: 'know',
        options: ['registry.consul.serviceMonitors'],
        was: 'no limit',
        now: '24 requests at the same time at most',
        todo: 'nothing',
      }
    : undefined

const announcement: Rule = file =>
  file.isRegistered
    ? {
        urgency: 'know',
        options: ['registry.consul.register.enabled'],
        was: 'registered before anything listened',
        now: 'registered when everything listens; the log line "with check" has JSON',
        todo: 'nothing',
      }
    : undefined

export const REGISTRY_RULES_FROM_173: readonly Rule[] = [
  registerHost,
  badRoutes,
  routeFile,
  firstTable,
  customRegistry,
  consulQueries,
  kvPrefix,
  monitors,
  announcement,
]

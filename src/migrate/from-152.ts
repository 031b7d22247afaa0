// What changed from Fabio 1.5.2 to 1.7.3, which this router follows, for what a file says or leaves to the default.

import { OPTIONS_BY_NAME } from '../config/option-table.ts'
import type { Rule } from './note.ts'

const proxyProtocol: Rule = file => {
  const without = file.listeners.filter(({ proxyProtocol }) => !proxyProtocol).map(({ addr }) => addr)
  if (without.length === 0) return undefined
  return {
    urgency: 'look',
    options: ['proxy.addr'],
    was: 'every listener took a PROXY header',
    now: 'only listeners with pxyproto=true do; a header that comes anyway makes the request fail',
    todo: `behind an ELB or HAProxy that sends it, add ;pxyproto=true to ${without.join(' ')} (and to ui.addr)`,
  }
}

const logLevel: Rule = file => {
  const { level } = file.config.log
  if (file.isSet('log.level')) {
    return {
      urgency: ['WARN', 'ERROR', 'FATAL'].includes(level) ? 'look' : 'know',
      options: ['log.level'],
      was: 'there was no such option: everything was logged, also DEBUG',
      now: `only ${level} and above are logged; changes of routes and of the registration are INFO`,
      todo: 'check what your alerts and searches look for in the log',
      line: 'log.level = DEBUG',
    }
  }
  return {
    urgency: 'know',
    options: ['log.level'],
    was: 'everything was logged, also DEBUG',
    now: 'the default is INFO; news of every health check is DEBUG',
    todo: 'nothing, unless something reads those lines',
    line: 'log.level = DEBUG',
  }
}

const statsd: Rule = file =>
  file.sendsTo('statsd')
    ? {
        urgency: 'act',
        options: ['metrics.target'],
        was: 'statsd sent rates, percentiles and counts, made here, as gauges and counters',
        now: 'statsd is taken for statsd_raw: every observation is sent as |ms, and the server does the rest',
        todo: 'write statsd_raw, and adapt dashboards: units are milliseconds, and the server names the percentiles',
      }
    : undefined

const metrics: Rule = file =>
  file.isSet('metrics.target') && file.metricsTargets.length > 0
    ? {
        urgency: 'act',
        options: ['metrics.target', 'metrics.prefix'],
        was: 'names of 1.5: http.status.<code>, one timer a target, rate1 and pct99 in /api/routes',
        now: 'names of 1.7: requests, http.status, route, route.rx, route.tx, tcp.conn and so on, with labels or flattened; rate1 and pct99 are 0',
        todo: 'adapt dashboards and alerts; prometheus and dogstatsd are possible now',
      }
    : undefined

const metricsOnStdout: Rule = file =>
  file.sendsTo('stdout')
    ? {
        urgency: 'act',
        options: ['metrics.target'],
        was: 'stdout wrote a table to standard error in every metrics.interval',
        now: 'it writes a line to standard output with every change',
        todo: 'keep it away from the access log, which is on standard output too',
      }
    : undefined

const withoutEffect: Rule = file => {
  const set = ['metrics.timeout', 'metrics.retry', 'runtime.gogc'].filter(option => file.isSet(option))
  if (set.length === 0) return undefined
  return {
    urgency: 'know',
    options: set,
    was: 'it had an effect (metrics: before 1.6.0; runtime.gogc: default 800, 100 since 1.5.15)',
    now: 'it is taken and has none: this router does not run on Go',
    todo: 'delete the line when you do not go back',
  }
}

const registerAddr: Rule = file => {
  if (!file.isRegistered || file.isSet('registry.consul.register.addr')) return undefined
  const { addr } = file.config.registry.consul.register
  if (addr === ':9998') return undefined
  return {
    urgency: 'look',
    options: ['registry.consul.register.addr', 'ui.addr'],
    was: 'the registered address was :9998, whatever ui.addr said',
    now: `it is the address of ui.addr: ${addr}`,
    todo: 'check who finds this router through Consul',
    line: 'registry.consul.register.addr = :9998',
  }
}

const registration: Rule = file =>
  file.isRegistered
    ? {
        urgency: 'know',
        options: ['registry.consul.register.enabled'],
        was: 'one HTTP check, and deregistration after the listeners had closed',
        now: 'a TTL check as well, so that a dead router is removed; deregistration comes before the listeners close',
        todo: 'nothing; proxy.deregistergraceperiod gives balancers time in between',
      }
    : undefined

const kvPath: Rule = file =>
  file.usesConsul
    ? {
        urgency: 'look',
        options: ['registry.consul.kvpath'],
        was: `one key was read: ${file.config.registry.consul.kvPath}`,
        now: 'the keys below it are read too, in their order, and their commands count',
        todo: `look at consul kv get -keys ${file.config.registry.consul.kvPath.replace(/^\//, '')}/`,
      }
    : undefined

const idleConnections: Rule = file =>
  file.isSet('proxy.idleconntimeout')
    ? undefined
    : {
        urgency: 'know',
        options: ['proxy.idleconntimeout'],
        was: 'idle connections to upstreams were kept for ever',
        now: 'they are closed after 15s',
        todo: 'nothing, unless opening connections is dear',
        line: 'proxy.idleconntimeout = 0s',
      }

const pathGlobs: Rule = file =>
  file.config.proxy.matcher === 'glob'
    ? {
        urgency: 'look',
        options: ['proxy.matcher'],
        was: '* in a path stopped at a slash',
        now: '* crosses slashes; ? [a-z] {a,b} and \\ mean something',
        todo: 'look at the paths of your routes that have *',
      }
    : undefined

const noRouteStatus: Rule = file => {
  const status = Number(file.text('proxy.noroutestatus'))
  if (!file.isSet('proxy.noroutestatus') || (status >= 100 && status <= 999)) return undefined
  return {
    urgency: 'act',
    options: ['proxy.noroutestatus'],
    was: 'any number was taken',
    now: 'a number outside 100 to 999 ends the start',
    todo: 'write a status, such as 404',
  }
}

const tls: Rule = file =>
  file.hasTls
    ? {
        urgency: 'look',
        options: ['proxy.addr', 'proxy.cs'],
        was: 'TLS 1.0 and up, also with RSA key exchange and 3DES',
        now: 'TLS 1.2 and up with forward secrecy, unless the listener says otherwise',
        todo: 'for old clients add ;tlsmin=tls10 or ;tlsciphers="…" to the listener',
      }
    : undefined

const http: Rule = file =>
  file.hasHttp
    ? {
        urgency: 'look',
        options: ['proxy.addr'],
        was: 'an upstream that failed gave 502; paths went on as they came; there was no X-Forwarded-Host',
        now: '500, 502 or 504 by reason (499 in the log when the client left); dot segments and // are taken out of paths; X-Forwarded-Host is added',
        todo: 'check alerts on 502, and upstreams that need // or .. in paths',
      }
    : undefined

const routes: Rule = file => {
  const isFile = file.config.registry.backend === 'file' ? 'registry.file.path' : 'registry.static.routes'
  return {
    urgency: 'look',
    options: [file.usesConsul ? 'registry.consul.tagprefix' : isFile],
    was: 'hosts differed by case and were tried in the order of their names; options of the first target counted for the whole route; strip could leave an empty path',
    now: 'hosts do not differ by case, the most specific goes first, ? [a-z] {a,b} are patterns in hosts too; options belong to their target; a path begins with /; certificates of https upstreams need the name as SAN',
    todo: 'look at routes with * in the host, at targets of one route with different options, and at https upstreams',
  }
}

const accessLog: Rule = file =>
  file.isSet('log.access.target') && file.isSet('proxy.gzip.contenttype')
    ? {
        urgency: 'know',
        options: ['log.access.target', 'proxy.gzip.contenttype'],
        was: 'requests were missing in the access log where answers were compressed',
        now: 'they are there',
        todo: 'nothing; there are more lines',
      }
    : undefined

const newOptions: Rule = file => {
  const set = [...file.keys()]
    .map(([key]) => key)
    .filter(key => {
      const since = OPTIONS_BY_NAME.get(key)?.since ?? ''
      // Those that are told of by themselves, or mean nothing any more, are left out.
      return since !== '' && since !== 'ours' && !['log.level', 'metrics.timeout', 'metrics.retry'].includes(key)
    })
    .filter(key => !key.startsWith('tracing.'))
  if (set.length === 0) return undefined
  return {
    urgency: 'look',
    options: set,
    was: '1.5.2 did not know it, and ignored the line',
    now: 'it takes effect',
    todo: 'check that it says what you want',
  }
}

export const RULES_FROM_152: readonly Rule[] = [
  proxyProtocol,
  statsd,
  metrics,
  metricsOnStdout,
  noRouteStatus,
  newOptions,
  logLevel,
  registerAddr,
  kvPath,
  pathGlobs,
  tls,
  http,
  routes,
  idleConnections,
  registration,
  accessLog,
  withoutEffect,
]

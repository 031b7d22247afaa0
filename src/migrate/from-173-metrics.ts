// As in from-173.ts, for metrics.

import type { Rule } from './note.ts'

const SEPARATOR = /[._/-]$/

const prefixDot: Rule = file => {
  if (!file.sendsTo('statsd', 'statsd_raw', 'dogstatsd', 'graphite')) return undefined
  const prefix = file.text('metrics.prefix')
  if (prefix === '' || SEPARATOR.test(prefix)) return undefined
  return {
    urgency: 'act',
    options: ['metrics.prefix', 'metrics.target'],
    was: 'nothing stood between prefix and name: web1.fabiorequests',
    now: 'a dot does: web1.fabio.requests (1.5.2 had it too)',
    todo: 'adapt dashboards made for 1.6 or 1.7',
  }
}

const printedPrefix: Rule = file => {
  if (!file.sendsTo('stdout', 'flat', 'label')) return undefined
  const prefix = file.text('metrics.prefix')
  if (prefix !== '' && !SEPARATOR.test(prefix)) return undefined
  return {
    urgency: 'act',
    options: ['metrics.prefix', 'metrics.target'],
    was: 'a dot stood between prefix and name always',
    now: 'not behind a prefix that is empty or ends in . _ / or -',
    todo: 'adapt what reads the names',
  }
}

const names: Rule = file =>
  file.isSet('metrics.names')
    ? {
        urgency: 'act',
        options: ['metrics.names'],
        was: '1.6 and 1.7 ignored it; 1.5.2 took any Go template',
        now: 'it counts, where targets have no labels; {{.X}}, {{clean .X}} and text are understood',
        todo: 'check the option if you set it for 1.6 or 1.7; replace other template actions',
      }
    : undefined

const templates: Rule = file => {
  const odd = ['metrics.prefix', 'metrics.names'].filter(option => {
    const rest = file.text(option).replaceAll(/\{\{\s*(?:clean\s+)?\.[A-Za-z.]+\s*\}\}/g, '')
    return rest.includes('{{')
  })
  if (odd.length === 0) return undefined
  return {
    urgency: 'act',
    options: odd,
    was: 'all of Go templates',
    now: 'only {{.X}}, {{clean .X}} and text; anything else ends the start',
    todo: 'write the name without conditions and functions',
  }
}

const cleanLabels: Rule = file =>
  file.sendsTo('statsd', 'statsd_raw', 'graphite', 'circonus')
    ? {
        urgency: 'look',
        options: ['metrics.target'],
        was: 'a dot in the name of a service made a level of its own: requests.service.my.svc',
        now: 'it becomes _: requests.service.my_svc',
        todo: 'adapt dashboards of such services',
      }
    : undefined

const datagrams: Rule = file =>
  file.sendsTo('statsd', 'statsd_raw', 'dogstatsd')
    ? {
        urgency: 'know',
        options: ['metrics.target'],
        was: 'a datagram a line, without limit; failures were silent; ws.conn was relative',
        now: 'lines share datagrams up to 1,432 bytes; a million observations an interval, then sample rates; an outage is logged; ws.conn is the number of open connections',
        todo: 'nothing; a statsd server from before 2012 may need an update',
      }
    : undefined

const graphite: Rule = file =>
  file.sendsTo('graphite')
    ? {
        urgency: 'know',
        options: ['metrics.target'],
        was: 'requests.* and http.status.* had the last observation only; removed targets were sent for ever; an interval without connection was lost',
        now: 'all observations; removed targets end, and targets begin with their first traffic; nothing is lost',
        todo: 'nothing',
      }
    : undefined

const prometheus: Rule = file =>
  file.sendsTo('prometheus')
    ? {
        urgency: 'look',
        options: ['metrics.target'],
        was: 'go_* and promhttp_* beside the metrics of the router',
        now: 'nodejs_* instead; process_* as before; fabio_* are new',
        todo: 'adapt dashboards of the runtime',
      }
    : undefined

const circonus: Rule = file =>
  file.sendsTo('circonus')
    ? {
        urgency: 'act',
        options: ['metrics.target'],
        was: 'names of targets ended in the last part of the prefix: `svc.a_com./.10_0_0_1_80.fabio`route`',
        now: '`svc.a_com./.10_0_0_1_80`; what could not be sent is sent later',
        todo: 'rename in dashboards; use a check with metric filters',
      }
    : undefined

export const METRICS_RULES_FROM_173: readonly Rule[] = [
  templates,
  prefixDot,
  printedPrefix,
  names,
  circonus,
  cleanLabels,
  prometheus,
  datagrams,
  graphite,
]

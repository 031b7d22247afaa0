// What this router does otherwise than Fabio 1.7.3 (docs/differences.md), for what a file says or leaves to the default.

import { OPTIONS, OPTIONS_BY_NAME } from '../config/option-table.ts'
import type { Rule } from './note.ts'

const requestHeads: Rule = file =>
  file.hasHttp && !file.isSet('proxy.limit.headertimeout')
    ? {
        urgency: 'know',
        options: ['proxy.limit.headertimeout'],
        was: 'a request had for ever to send its head, unless the listener had rt',
        now: 'it has 60 seconds, then 408',
        todo: 'nothing',
        line: 'proxy.limit.headertimeout = 0s',
      }
    : undefined

const strictHttp: Rule = file =>
  file.hasHttp
    ? {
        urgency: 'know',
        options: ['proxy.addr'],
        was: 'some malformed requests were taken: bytes above ASCII in the target, two lengths, folded header lines',
        now: 'they get 400; an upstream that answers so gives 500. Header names keep their case and order; a failed connect tries the next target',
        todo: 'nothing, unless a client or an upstream is broken',
      }
    : undefined

const tcpEnds: Rule = file =>
  file.hasTcp
    ? {
        urgency: 'know',
        options: ['proxy.addr', 'proxy.shutdownwait'],
        was: 'the first side that ended a TCP connection cut the other; at the end proxy.shutdownwait was always waited for',
        now: 'half-closed connections go on, until five minutes of silence; waiting ends with the last connection',
        todo: 'nothing',
      }
    : undefined

const roundRobin: Rule = file =>
  file.config.proxy.strategy === 'rr'
    ? {
        urgency: 'know',
        options: ['proxy.strategy'],
        was: 'taking turns started over with every change of the table',
        now: 'it goes on, and all threads count together',
        todo: 'nothing',
      }
    : undefined

const iprefix: Rule = file =>
  file.config.proxy.matcher === 'iprefix'
    ? {
        urgency: 'look',
        options: ['proxy.matcher'],
        was: 'the longest path won only among paths written in the same case',
        now: 'the longest path wins, whatever its case',
        todo: 'look at paths that differ in case only',
      }
    : undefined

const globsOff: Rule = file =>
  file.config.glob.matchingDisabled
    ? {
        urgency: 'know',
        options: ['glob.matching.disabled'],
        was: 'the Host header was compared as the client wrote it',
        now: 'its case does not count',
        todo: 'nothing',
      }
    : undefined

const noAdmin: Rule = file =>
  file.isSet('ui.addr') && file.config.ui.listener === undefined && file.text('ui.addr').trim() === ''
    ? {
        urgency: 'act',
        options: ['ui.addr'],
        was: 'nothing meant a random port',
        now: 'nothing means no admin server, and no /health',
        todo: 'give an address if you want one',
        line: 'ui.addr = :0',
      }
    : undefined

const accessLog: Rule = file =>
  file.isSet('log.access.target') && file.text('log.access.target').trim() !== ''
    ? {
        urgency: 'know',
        options: ['log.access.target', 'log.access.format'],
        was: 'human-readable times were local but marked UTC; control characters were written as they came',
        now: 'times are UTC; control characters are \\xHH. A collector that stops reading loses lines instead of stopping the router',
        todo: 'watch fabio_access_log_lines_dropped',
      }
    : undefined

const gzip: Rule = file =>
  file.isSet('proxy.gzip.contenttype') && file.config.proxy.gzipExpression !== ''
    ? {
        urgency: 'know',
        options: ['proxy.gzip.contenttype'],
        was: 'answers to gzip;q=0, to HEAD, and with 206 or 304 were compressed or marked so; streams waited to the end',
        now: 'they are left alone; streams are flushed; a strong ETag becomes weak',
        todo: 'nothing',
      }
    : undefined

const bareAddress: Rule = file => {
  const found = (['statsd', 'dogstatsd', 'graphite'] as const).find(name => {
    const isWanted =
      file.sendsTo(name === 'statsd' ? 'statsd_raw' : name) || (name === 'statsd' && file.sendsTo('statsd'))
    return file.text(`metrics.${name}.addr`).trim() !== '' && !isWanted
  })
  if (found === undefined) return undefined
  const target = found === 'statsd' ? 'statsd_raw' : found
  return {
    urgency: 'look',
    options: [`metrics.${found}.addr`, 'metrics.target'],
    was: 'an address alone sends nothing, and nothing said so',
    now: 'it sends nothing either; a WARN says so',
    todo: `if you want these metrics, write metrics.target = ${[...file.metricsTargets, target].join(',')}; if not, delete the line`,
  }
}

const gomaxprocs: Rule = file =>
  file.isSet('runtime.gomaxprocs')
    ? {
        urgency: 'know',
        options: ['runtime.gomaxprocs'],
        was: 'how many threads ran Go code',
        now: 'how many worker threads serve traffic',
        todo: 'nothing',
      }
    : undefined

const profile: Rule = file => {
  const mode = file.config.process.profileMode
  if (mode === '') return undefined
  const isKept = mode === 'cpu' || mode === 'mem'
  return {
    urgency: 'look',
    options: ['profile.mode', 'profile.path'],
    was: `${mode} was written for pprof`,
    now: isKept
      ? `${mode === 'cpu' ? 'cpu*.cpuprofile' : 'mem*.heapprofile'} are written at the end, one a thread`
      : 'it has no effect: this router does not run on Go',
    todo: isKept ? 'open them with the developer tools of Chromium' : 'delete the line, or use cpu or mem',
  }
}

/** Values to which Fabio gave another meaning: a blank behind them was part of them. */
const trailingBlanks: Rule = file => {
  const set = OPTIONS.filter(
    ({ name, keepsBlanks }) => !keepsBlanks && /\s$/.test(file.isSet(name) ? file.text(name) : ''),
  )
  if (set.length === 0) return undefined
  return {
    urgency: 'look',
    options: set.map(({ name }) => name),
    was: 'blanks behind the value were part of it: a wrong word, false, or 0',
    now: 'they are dropped, and the value counts',
    todo: 'check that it says what you want',
  }
}

const wrongCase: Rule = file => {
  const byLowerName = new Map(OPTIONS.map(({ name }) => [name.toLowerCase(), name]))
  const keys = [...file.keys()].map(([key]) => key)
  const set = keys.filter(key => !OPTIONS_BY_NAME.has(key) && byLowerName.has(key.toLowerCase()))
  if (set.length === 0) return undefined
  return {
    urgency: 'look',
    options: set,
    was: 'ignored, because the case of its letters is wrong',
    now: 'it takes effect, with a WARN',
    todo: `write ${set.map(key => byLowerName.get(key.toLowerCase())).join(', ')}, or delete the line`,
  }
}

export const RULES_FROM_173: readonly Rule[] = [
  noAdmin,
  trailingBlanks,
  wrongCase,
  bareAddress,
  iprefix,
  profile,
  requestHeads,
  strictHttp,
  tcpEnds,
  roundRobin,
  globsOff,
  accessLog,
  gzip,
  gomaxprocs,
]

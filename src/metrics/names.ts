import { hostname } from 'node:os'
import type { Labels } from './metrics.ts'
import { MetricsError } from './metrics-error.ts'
import { compileNameTemplate, type NameTemplate } from './name-template.ts'

const DEFAULT_PREFIX = '{{clean .Hostname}}.{{clean .Exec}}'

/** Characters that would end a name early in statsd, Graphite or Circonus, whoever put them there. */
const BREAKS_NAME = /[\s\p{Cc}:|;`]/gu

/** Dots make levels of a hierarchy: one inside a value would add a level. */
const BREAKS_LEVEL = /[\s\p{Cc}:|;`.]/gu

/** Label values of the tagged forms: here colons and dots are harmless, but these would end the value or the line. */
const BREAKS_TAG = /[\p{Cc}|,]/gu

/**
 * `metrics.prefix` filled in. `default` means the default template, as in Fabio.
 * @throws MetricsError in Fabio's words
 */
export function formatPrefix(template: string): string {
  try {
    // Fabio takes the base name of argv[0]: with us that would be the name of the runtime.
    const values = { Hostname: hostname(), Exec: 'fabio' }
    return compileNameTemplate(template === 'default' ? DEFAULT_PREFIX : template, ['Hostname', 'Exec'])(values)
  } catch (cause) {
    throw new MetricsError(
      `metrics: invalid Prefix template: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    )
  }
}

export type TargetNames = NameTemplate<'Service' | 'Host' | 'Path' | 'TargetURL.Host'>

/**
 * `metrics.names` compiled.
 * @throws MetricsError
 */
export function compileTargetNames(template: string): TargetNames {
  try {
    return compileNameTemplate(template, ['Service', 'Host', 'Path', 'TargetURL.Host'])
  } catch (cause) {
    throw new MetricsError(
      `metrics: invalid Names template: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    )
  }
}

/** Prefix and name with a dot between them, unless the prefix is empty or brings its own separator. */
export function joinPrefix(prefix: string, name: string): string {
  return prefix === '' || /[._/-]$/.test(prefix) ? prefix + name : `${prefix}.${name}`
}

/**
 * The name of a series where there are no labels: those of a target come from `metrics.names`, with the `.rx` and `.tx` of
 * the counters behind it; the labels of all others follow the name. Without the prefix.
 */
export function flatName(name: string, labels: Labels, targetNames: TargetNames): string {
  if (name === 'route' || name.startsWith('route.')) return targetName(labels, targetNames) + name.slice('route'.length)
  let flat = name
  for (const [label, value] of labels) flat += `.${label}.${value === '' ? '_' : value.replace(BREAKS_LEVEL, '_')}`
  return flat
}

/** Makes a whole name, prefix included, safe for line protocols. */
export function lineName(name: string): string {
  return name.replace(BREAKS_NAME, '_')
}

/** `k:v,k:v`; '' without labels. */
export function formatTags(labels: Labels): string {
  return labels.map(([label, value]) => `${label}:${value.replace(BREAKS_TAG, '_')}`).join(',')
}

/** Joined by `_`, the form that every Prometheus scraper takes; Fabio answers with it unless the scraper asks for more. */
export function prometheusName(parts: readonly string[]): string {
  return parts.join('_').replace(/^[0-9]|[^a-zA-Z0-9_:]/gu, '_')
}

function targetName(labels: Labels, targetNames: TargetNames): string {
  const values = { Service: '', Host: '', Path: '', 'TargetURL.Host': '' }
  for (const [label, value] of labels) {
    if (label === 'service') values.Service = value
    else if (label === 'host') values.Host = value
    else if (label === 'path') values.Path = value
    else if (label === 'target') values['TargetURL.Host'] = hostOf(value)
  }
  return targetNames(values)
}

/** Host and port of a target URL, without user and password. */
function hostOf(url: string): string {
  const start = url.indexOf('://')
  const authority = /^[^/?#]*/.exec(start === -1 ? '' : url.slice(start + 3))?.[0] ?? ''
  return authority.slice(authority.lastIndexOf('@') + 1)
}

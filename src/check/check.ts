import type { Where } from '../config/config-error.ts'
import { inspectConfig } from '../config/load.ts'
import { checkAddresses } from './addresses.ts'
import { checkCertificates } from './certificates.ts'
import { checkFiles } from './files.ts'
import { Findings } from './findings.ts'
import { checkFormats } from './formats.ts'
import { checkRoutes } from './routes.ts'
import type { Subject } from './subject.ts'

export interface CheckOptions {
  /** Without the name of the program. */
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
}

export interface CheckReport {
  /** A line a finding, `FILE:LINE: error: …`, and one that sums up; ends with a line feed. */
  readonly text: string
  /** Nothing would keep the router from starting, and every route counts. */
  readonly isGood: boolean
}

/** `-check`: everything that is wrong with a configuration, its files and its routes. Starts nothing and listens nowhere. */
export async function checkConfiguration({ argv, env }: CheckOptions): Promise<CheckReport> {
  const { config, fileName, origins, errors, warnings } = await inspectConfig({ argv, env })
  const name = fileName ?? 'fabio'
  const findings = new Findings(name)
  const placeOfWhere = ({ place, line }: Where) => {
    if (place === undefined || place === 'default') return name
    return line === undefined ? place : `${place}:${line}`
  }
  for (const { reason, where } of errors) findings.error(placeOfWhere(where), withOption(reason, where))
  for (const { text, where } of warnings) findings.warn(placeOfWhere(where), withOption(text, where))

  const placeOf = (option: string) => placeOfWhere({ place: origins.get(option)?.place })
  const subject: Subject = { config, env, findings, placeOf }
  checkFormats(subject)
  await checkCertificates(subject)
  await checkFiles(subject)
  await checkRoutes(subject)
  await checkAddresses(subject)
  return { text: formatReport(name, findings), isGood: findings.count('error') === 0 }
}

function withOption(text: string, { option }: Where): string {
  return option === undefined || text.includes(option) ? text : `${option}: ${text}`
}

function formatReport(name: string, findings: Findings): string {
  const lines = findings.inOrder().map(({ place, severity, text }) => `${place}: ${severity}: ${text}`)
  const errors = findings.count('error')
  const warnings = findings.count('warning')
  const counts = [countText(errors, 'error'), countText(warnings, 'warning')].join(', ')
  return [...lines, `${name}: ${counts}`, ''].join('\n')
}

function countText(count: number, what: string): string {
  return `${count === 0 ? 'no' : count} ${what}${count === 1 ? '' : 's'}`
}

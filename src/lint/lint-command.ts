import { readFile } from 'node:fs/promises'
import type { Config } from '../config/config.ts'
import type { ToolFlags } from '../config/tool-flags.ts'
import { parseOptions } from '../route/parse-commands.ts'
import { lintText } from './lint.ts'
import type { LiveRoute } from './live-conflicts.ts'

/** -lint cannot be done; the message says why. */
export class LintError extends Error {
  override readonly name = 'LintError'
}

/**
 * `-lint FILE`: everything that is wrong with it, a line each or as JSON, and whether that is nothing.
 * @throws LintError
 */
export async function lintFiles(config: Config, flags: ToolFlags): Promise<{ text: string; isGood: boolean }> {
  const format = flags.get('lint.format')?.at(-1) ?? 'text'
  if (format !== 'text' && format !== 'json') throw new LintError(`-lint.format ${format}: expected text or json`)
  const against = flags.get('lint.against')?.at(-1)
  const context = {
    matcher: config.proxy.matcher,
    globHosts: !config.glob.matchingDisabled,
    tagPrefix: config.registry.consul.tagPrefix,
    live: against === undefined ? [] : await readLiveTable(against),
  }
  const files = flags.get('lint') ?? []
  if (files.length === 0) throw new LintError('which file? -lint FILE')
  const findings = []
  for (const file of files) {
    for (const finding of lintText(await read(file), context)) findings.push({ file, ...finding })
  }
  const isGood = findings.length === 0
  if (format === 'json') return { text: `${JSON.stringify(findings, undefined, 2)}\n`, isGood }
  const lines = findings.map(({ file, line, column, severity, message, hint }) => {
    return `${file}:${line}:${column}: ${severity}: ${message}; expected ${hint}\n`
  })
  return { text: lines.join(''), isGood }
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file === '-' ? '/dev/stdin' : file, 'utf8')
  } catch (cause) {
    throw new LintError(`${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

async function readLiveTable(at: string): Promise<readonly LiveRoute[]> {
  const address = `${at.replace(/\/+$/, '')}/api/routes`
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(10_000) })
    if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`)
    const rows: unknown = await answer.json()
    return (Array.isArray(rows) ? rows : []).map(row => {
      return {
        service: `${row.service}`,
        host: `${row.host}`,
        path: `${row.path}`,
        options: parseOptions(`${row.opts}`),
      }
    })
  } catch (cause) {
    const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause)
    throw new LintError(`-lint.against ${at}: ${reason}`, { cause })
  }
}

import type { AddCommand, Rejection, RouteCommand } from './command.ts'
import { hostGlobError, pathGlobError } from './glob-keys.ts'
import { splitSource } from './host-path.ts'
import { parseRouteLine } from './parse-commands.ts'
import type { PathMatcher } from './path-index.ts'
import { parseTargetOptions } from './target-options.ts'
import { parseTargetUrl, TargetUrlError } from './target-url.ts'

/** What is wrong with the content of a command that is well-formed. */
export interface CommandFault {
  /** The part of the command, as it stands there, that is wrong. */
  readonly part: string
  /** In Fabio's words where it has some. */
  readonly reason: string
  readonly expected: string
  /** Whether the command has to be left out. Otherwise it counts, but not in every respect as it was meant. */
  readonly isFatal: boolean
}

export interface CommandContext {
  readonly matcher: PathMatcher
  readonly globHosts: boolean
}

/**
 * Everything in a text of route commands that would be left out: lines that are no commands, and commands whose content is
 * wrong. Nothing when all of it counts. For those who want to know before they store it.
 */
export function checkRouteText(text: string, context: CommandContext): readonly Rejection[] {
  return text.split('\n').flatMap((line, index) => {
    const parsed = parseRouteLine(line, index + 1)
    if (parsed.kind === 'blank') return []
    if (parsed.kind === 'rejected') return [parsed.rejection]
    return findFaults(parsed.command, context)
      .filter(fault => fault.isFatal)
      .map(({ part, reason, expected }) => {
        return { line: index + 1, column: columnOf(part, line), text: line.trimEnd(), reason, expected }
      })
  })
}

/** Where a part of a command stands in its text, from 1; the start if it is written otherwise there. */
export function columnOf(part: string, text: string): number {
  return part === '' ? 1 : text.indexOf(part) + 1 || 1
}

/** Finds every fault of a command. Never throws. */
export function findFaults(command: RouteCommand, context: CommandContext): readonly CommandFault[] {
  switch (command.kind) {
    case 'add':
      return findFaultsOfAdd(command, context)
    case 'remove':
      return command.dst === undefined ? [] : findUrlFaults(command.dst)
    case 'weigh':
      return [...findSourceFaults(command.src), ...findWeightFaults(command.weight)]
  }
}

function findFaultsOfAdd({ src, target }: AddCommand, context: CommandContext): readonly CommandFault[] {
  const faults: CommandFault[] = [
    ...findSourceFaults(src),
    ...findUrlFaults(target.dst),
    ...findWeightFaults(target.fixedWeight),
  ]
  const { host, path } = splitSource(src)
  const pathError = context.matcher === 'glob' ? pathGlobError(path) : undefined
  if (pathError !== undefined) {
    faults.push({ part: path, reason: pathError, expected: 'a path that is a glob', isFatal: true })
  }
  const hostError = context.globHosts ? hostGlobError(host) : undefined
  if (hostError !== undefined) {
    const expected = 'a host that is a glob; until then it is compared as it stands'
    faults.push({ part: src, reason: `Compiling glob - ${hostError}`, expected, isFatal: false })
  }
  for (const { option, value, reason, expected } of parseTargetOptions(target.options).warnings) {
    faults.push({ part: `${option}=${value}`, reason, expected, isFatal: false })
  }
  return faults
}

function findSourceFaults(src: string): readonly CommandFault[] {
  if (src !== '') return []
  return [
    {
      part: src,
      reason: 'route: prefix must not be empty',
      expected: '<host>/<path>, /<path> or :<port>',
      isFatal: true,
    },
  ]
}

function findWeightFaults(weight: number): readonly CommandFault[] {
  if (Number.isFinite(weight)) return []
  const reason = 'syntax error: weight value invalid'
  return [{ part: String(weight), reason, expected: 'a number such as 0.25', isFatal: true }]
}

function findUrlFaults(dst: string): readonly CommandFault[] {
  const expected = 'a URL such as http://10.0.0.1:8080/'
  if (dst === '') return [{ part: dst, reason: 'route: target must not be empty', expected, isFatal: true }]
  try {
    parseTargetUrl(dst)
    return []
  } catch (cause) {
    if (!(cause instanceof TargetUrlError)) throw cause
    return [{ part: dst, reason: `route: invalid target. ${cause.message}`, expected, isFatal: true }]
  }
}

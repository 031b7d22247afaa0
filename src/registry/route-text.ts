import type { CommandContext } from '../route/check-command.ts'
import { columnOf, findFaults } from '../route/check-command.ts'
import type { RouteCommand } from '../route/command.ts'
import { formatCommand } from '../route/format-commands.ts'
import { parseRouteLine } from '../route/parse-commands.ts'
import { diffLines } from './route-line-diff.ts'
import type { Finding, FindingSource } from './route-problems.ts'
import type { Step } from './route-steps.ts'
import { toStep } from './route-steps.ts'

/** A line of a text as it comes in: text still to be parsed, or a command that never was text. */
export interface RawLine {
  readonly text: string
  readonly command: RouteCommand | undefined
  /** Equal for lines that are the same. */
  readonly key: string
}

/** The lines of a text, without line feeds and the carriage returns before them. */
export function linesOfText(text: string): readonly RawLine[] {
  if (text === '') return []
  return text.split(/\r?\n/).map(line => ({ text: line, command: undefined, key: line }))
}

export function linesOfCommands(commands: readonly RouteCommand[]): readonly RawLine[] {
  return commands.map(command => ({ text: formatCommand(command), command, key: JSON.stringify(command) }))
}

/** One line of a text in force: the step it stands for, and what is wrong with it. */
export class RouteLine {
  readonly source: string
  readonly raw: RawLine
  /** From 1. Changes when lines before it come and go; which of two lines is first never does. */
  number: number
  readonly step: Step | undefined
  readonly faults: readonly LineFault[]
  /** Set while this is a weight for which there is no target. */
  unmatched: LineFault | undefined = undefined

  constructor(raw: RawLine, place: { source: string; number: number }, context: CommandContext) {
    this.source = place.source
    this.raw = raw
    this.number = place.number

    const parsed = raw.command === undefined ? parseRouteLine(raw.text, place.number) : undefined
    const command = parsed?.kind === 'command' ? parsed.command : raw.command
    const faults = command === undefined ? [] : findFaults(command, context)
    if (parsed?.kind === 'rejected') {
      this.faults = [new LineFault(this, parsed.rejection)]
    } else {
      this.faults = faults.map(({ part, reason, expected }) => {
        return new LineFault(this, { column: columnOf(part, raw.text), reason, expected })
      })
    }
    this.step = command === undefined || faults.some(fault => fault.isFatal) ? undefined : toStep(command, this)
  }
}

/** What is wrong with a line, wherever that stands now. */
export class LineFault implements FindingSource {
  readonly #line: RouteLine
  readonly #fault: Pick<Finding, 'column' | 'reason' | 'expected'>

  constructor(line: RouteLine, { column, reason, expected }: Pick<Finding, 'column' | 'reason' | 'expected'>) {
    this.#line = line
    this.#fault = { column, reason, expected }
  }

  get finding(): Finding {
    const { source, number, raw } = this.#line
    return { origin: { kind: 'text', source, line: number }, text: raw.text, ...this.#fault }
  }
}

export interface TextDifference {
  readonly lines: readonly RouteLine[]
  readonly removed: readonly RouteLine[]
  readonly added: readonly RouteLine[]
}

/** Takes a new version of a text over: lines that stay keep their object and get their new number, only new ones are parsed. */
export function updateLines(
  source: string,
  before: readonly RouteLine[],
  after: readonly RawLine[],
  context: CommandContext,
): TextDifference {
  const { keptFrom } = diffLines(
    before.map(line => line.raw.key),
    after.map(line => line.key),
  )
  const kept = new Set<RouteLine>()
  const added: RouteLine[] = []
  const lines = after.map((raw, index) => {
    const old = before[keptFrom[index] ?? -1]
    if (old !== undefined) {
      old.number = index + 1
      kept.add(old)
      return old
    }
    const line = new RouteLine(raw, { source, number: index + 1 }, context)
    added.push(line)
    return line
  })
  return { lines, removed: before.filter(line => !kept.has(line)), added }
}

import type { CommandContext } from '../route/check-command.ts'
import { columnOf, findFaults } from '../route/check-command.ts'
import type { Rejection, RouteCommand } from '../route/command.ts'
import { formatCommand } from '../route/format-commands.ts'
import { parseRouteLine } from '../route/parse-commands.ts'
import { diffLines } from './route-line-diff.ts'
import type { Finding, FindingSource } from './route-problems.ts'
import type { Step } from './route-steps.ts'
import { toStep } from './route-steps.ts'

/** An element of a list of commands that is none. It keeps its place in the list, so that those behind it keep their numbers. */
export interface RejectedElement extends Omit<Rejection, 'line'> {
  readonly kind: 'rejected'
}

/** A line of a text as it comes in: text still to be parsed, or an element of a list that never was text. */
export interface RawLine {
  readonly text: string
  readonly element: RouteCommand | RejectedElement | undefined
  /** Equal for lines that are the same. */
  readonly key: string
}

/** The lines of a text, without line feeds and the carriage returns before them. */
export function linesOfText(text: string): readonly RawLine[] {
  if (text === '') return []
  return text.split(/\r?\n/).map(line => ({ text: line, element: undefined, key: line }))
}

export function linesOfCommands(elements: readonly (RouteCommand | RejectedElement)[]): readonly RawLine[] {
  return elements.map(element => ({
    text: element.kind === 'rejected' ? element.text : formatCommand(element),
    element,
    key: JSON.stringify(element),
  }))
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

    const { command, rejection } = readLine(raw, place.number)
    const faults = command === undefined ? [] : findFaults(command, context)
    if (rejection !== undefined) {
      this.faults = [new LineFault(this, rejection)]
    } else {
      this.faults = faults.map(({ part, reason, expected }) => {
        return new LineFault(this, { column: columnOf(part, raw.text), reason, expected })
      })
    }
    this.step = command === undefined || faults.some(fault => fault.isFatal) ? undefined : toStep(command, this)
  }
}

interface ReadLine {
  readonly command?: RouteCommand
  readonly rejection?: Omit<Rejection, 'line'>
}

function readLine({ text, element }: RawLine, number: number): ReadLine {
  if (element !== undefined) return element.kind === 'rejected' ? { rejection: element } : { command: element }
  const parsed = parseRouteLine(text, number)
  switch (parsed.kind) {
    case 'blank':
      return {}
    case 'command':
      return { command: parsed.command }
    case 'rejected':
      return { rejection: parsed.rejection }
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

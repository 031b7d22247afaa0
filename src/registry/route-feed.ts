import type { RouteChange } from '../route/change.ts'
import type { CommandContext } from '../route/check-command.ts'
import type { AddCommand, RouteCommand } from '../route/command.ts'
import { compareBytes } from '../route/go-text.ts'
import { parseTargetOptions } from '../route/target-options.ts'
import { RouteComposition } from './route-composition.ts'
import { RouteConflicts } from './route-conflicts.ts'
import { formatDocument, headingOf } from './route-document.ts'
import { LineChanges } from './route-line-changes.ts'
import { previewText, type RouteDifference } from './route-preview.ts'
import type { FindingSource } from './route-problems.ts'
import { RouteProblems } from './route-problems.ts'
import type { ServiceRoute } from './route-service.ts'
import { updateServiceRoutes } from './route-service.ts'
import type { WeighStep } from './route-steps.ts'
import {
  LineFault,
  linesOfCommands,
  linesOfText,
  type RawLine,
  type RejectedElement,
  type RouteLine,
  updateLines,
} from './route-text.ts'

/** Where a definition comes from. */
export type Origin =
  | {
      readonly kind: 'service'
      readonly service: string
      readonly instance: string
      readonly node: string
      /** The tag as it was registered. */
      readonly tag: string
    }
  | {
      readonly kind: 'text'
      /** A key of the KV store, the path of a file, or the name of an option. */
      readonly source: string
      /** From 1. */
      readonly line: number
    }
  | {
      /** Several definitions that get in each other's way on one route. */
      readonly kind: 'route'
      readonly host: string
      readonly path: string
      readonly services: readonly string[]
    }

export interface RouteDefinition {
  readonly origin: Origin
  readonly command: AddCommand
}

/** Something in a definition that does not count as it was meant. It costs only itself. */
export interface Problem {
  readonly origin: Origin
  /** The tag or line it is found in. */
  readonly text: string
  /** From 1, in UTF-16 units of `text`. */
  readonly column: number
  /** One clause without a full stop, in Fabio's words where it has some. */
  readonly reason: string
  readonly expected: string
  /** Epoch milliseconds; kept for as long as the problem stays the same. */
  readonly since: number
}

/** What a commit changed. */
export interface FeedChange {
  /** Counts the changes, from 1. */
  readonly version: number
  readonly routes: readonly RouteChange[]
  /** Lines of the document that are gone, in their order, without blank ones. A line that moved is gone and new. */
  readonly removedLines: readonly string[]
  readonly addedLines: readonly string[]
  /** Texts that were set anew. */
  readonly sources: readonly string[]
  readonly newProblems: readonly Problem[]
  readonly goneProblems: readonly Problem[]
}

export interface RouteFeedOptions extends CommandContext {
  /** Whether the document names each text in a comment, as it does where an operator may write several. */
  readonly textHeadings: boolean
  /** Epoch milliseconds. */
  readonly now: () => number
}

/**
 * Knows everything that defines routes, and turns it into changes. Pure: no I/O. What a source says is staged until commit;
 * what it costs to work in depends on what is new in it, not on how many routes there are.
 */
export class RouteFeed {
  readonly #options: RouteFeedOptions
  readonly #composition = new RouteComposition()
  readonly #problems = new RouteProblems()
  readonly #conflicts = new RouteConflicts(this.#problems)
  readonly #instances = new Map<string, Instance>()
  readonly #texts = new Map<string, readonly RouteLine[]>()
  readonly #stagedInstances = new Map<string, StagedInstance>()
  readonly #stagedTexts = new Map<string, readonly RawLine[] | undefined>()
  /** How many adds ask for each alias. */
  readonly #aliases = new Map<string, number>()
  #version = 0

  constructor(options: Partial<RouteFeedOptions> = {}) {
    this.#options = { matcher: 'prefix', globHosts: true, textHeadings: true, now: Date.now, ...options }
  }

  /** All routes of one service instance. Replaces what the key said before. */
  setInstance(
    key: string,
    definitions: readonly RouteDefinition[],
    problems: readonly Omit<Problem, 'since'>[] = [],
  ): void {
    this.#stagedInstances.set(key, { definitions, problems, isGone: false })
  }

  removeInstance(key: string): void {
    this.#stagedInstances.set(key, GONE)
  }

  /** The keys of all instances there are, staged ones included. */
  *instanceKeys(): Generator<string> {
    for (const key of this.#instances.keys()) if (!this.#stagedInstances.has(key)) yield key
    for (const [key, { isGone }] of this.#stagedInstances) if (!isGone) yield key
  }

  /** Commands that are run in their order behind those of services; texts in ascending byte order of their sources. */
  setText(source: string, text: string): void {
    this.#stagedTexts.set(source, linesOfText(text))
  }

  /** Like setText, for a list that is not text, such as that of a JSON answer. The line of a problem is the number of the element, from 1. */
  setCommands(source: string, elements: readonly (RouteCommand | RejectedElement)[]): void {
    this.#stagedTexts.set(source, linesOfCommands(elements))
  }

  removeText(source: string): void {
    this.#stagedTexts.set(source, undefined)
  }

  /** Everything staged since the last commit, as one change; undefined when nothing is different. */
  commit(): FeedChange | undefined {
    const lines = new LineChanges()
    for (const [key, staged] of this.#stagedInstances) this.#commitInstance(key, staged, lines)
    this.#stagedInstances.clear()
    const sources = [...this.#stagedTexts].sort(([a], [b]) => compareBytes(a, b))
    for (const [source, text] of sources) this.#commitText(source, text, lines)
    this.#stagedTexts.clear()

    const routes = this.#composition.takeChanges({
      onWeigh: (step, isMatched) => this.#reportWeigh(step, isMatched),
      onDropped: (route, dropped) => this.#conflicts.noteDropped(route, dropped),
    })
    this.#conflicts.noteTargets(routes)
    const { newProblems, goneProblems } = this.#problems.settle(this.#options.now())
    const { removed: removedLines, added: addedLines } = lines.inOrder()
    const parts = [routes, removedLines, addedLines, newProblems, goneProblems]
    if (parts.every(part => part.length === 0)) return undefined
    this.#version++
    const said = sources.map(([source]) => source)
    return { version: this.#version, routes, removedLines, addedLines, sources: said, newProblems, goneProblems }
  }

  problems(): readonly Problem[] {
    return this.#problems.list()
  }

  /** The names asked for by `register=`, sorted. Also those of targets that a later command removes. */
  aliases(): readonly string[] {
    return [...this.#aliases.keys()].sort(compareBytes)
  }

  /** All commands as one text: those of services in descending byte order, then the texts. */
  document(): string {
    return formatDocument(this.serviceRoutes(), this.#texts, this.#options)
  }

  /** What instances define, as of the last commit. */
  *serviceRoutes(): Generator<ServiceRoute> {
    for (const { routes } of this.#instances.values()) yield* routes
  }

  /** The lines of all texts, as of the last commit. */
  *lines(): Generator<RouteLine> {
    for (const lines of this.#texts.values()) yield* lines
  }

  /** What would become of the routes if a text were this one. Nothing changes; what is staged does not count. */
  preview(source: string, text: string): readonly RouteDifference[] {
    const lines = { source, before: this.#texts.get(source) ?? [], after: linesOfText(text) }
    return previewText(this.#composition, lines, this.#options)
  }

  #commitInstance(key: string, staged: StagedInstance, lines: LineChanges): void {
    const before = this.#instances.get(key) ?? NO_INSTANCE
    const { routes, removed, added } = updateServiceRoutes(before.routes, staged.definitions, this.#options)
    for (const route of removed) this.#removeServiceRoute(route, lines)
    for (const route of added) this.#addServiceRoute(route, lines)

    const reported = staged.problems.map(finding => ({ finding }))
    for (const problem of before.reported) this.#problems.remove(problem)
    for (const problem of reported) this.#problems.add(problem)

    if (staged.isGone) this.#instances.delete(key)
    else this.#instances.set(key, { routes, reported })
  }

  #addServiceRoute({ add, faults }: ServiceRoute, lines: LineChanges): void {
    for (const fault of faults) this.#problems.add(fault)
    if (add === undefined) return
    this.#composition.addOfService(add)
    this.#countAlias(add, 1)
    lines.countService(add.line, 1)
  }

  #removeServiceRoute({ add, faults }: ServiceRoute, lines: LineChanges): void {
    for (const fault of faults) this.#problems.remove(fault)
    if (add === undefined) return
    this.#composition.removeOfService(add)
    this.#countAlias(add, -1)
    lines.countService(add.line, -1)
  }

  #commitText(source: string, raw: readonly RawLine[] | undefined, changes: LineChanges): void {
    const before = this.#texts.get(source)
    const { lines, removed, added } = updateLines(source, before ?? [], raw ?? [], this.#options)
    if (before !== undefined && raw === undefined) {
      this.#texts.delete(source)
      if (this.#options.textHeadings) changes.removed.push(headingOf(source))
    }
    if (raw !== undefined) this.#texts.set(source, lines)
    if (before === undefined && raw !== undefined && this.#options.textHeadings) changes.added.push(headingOf(source))

    for (const line of removed) {
      for (const fault of line.faults) this.#problems.remove(fault)
      if (line.unmatched !== undefined) this.#problems.remove(line.unmatched)
      changes.removed.push(line.raw.text)
      if (line.step === undefined) continue
      this.#composition.removeStep(line.step)
      if (line.step.kind === 'add') this.#countAlias(line.step, -1)
    }
    for (const line of added) {
      for (const fault of line.faults) this.#problems.add(fault)
      changes.added.push(line.raw.text)
      if (line.step === undefined) continue
      this.#composition.addStep(line.step)
      if (line.step.kind === 'add') this.#countAlias(line.step, 1)
    }
  }

  #reportWeigh({ line, service }: WeighStep, isMatched: boolean): void {
    if (isMatched === (line.unmatched === undefined)) return
    if (line.unmatched !== undefined) {
      this.#problems.remove(line.unmatched)
      line.unmatched = undefined
      return
    }
    line.unmatched = new LineFault(line, {
      column: 1,
      reason: `weight command for service ${service ?? ''} not valid - route: no target match`,
      expected: 'a target of the route that the service and the tags select; until there is one, the line does nothing',
    })
    this.#problems.add(line.unmatched)
  }

  #countAlias({ target }: Pick<ServiceRoute['add'] & object, 'target'>, difference: 1 | -1): void {
    if (target.options.length === 0) return
    const { register } = parseTargetOptions(target.options).options
    if (register === undefined) return
    const count = (this.#aliases.get(register) ?? 0) + difference
    if (count > 0) this.#aliases.set(register, count)
    else this.#aliases.delete(register)
  }
}

interface Instance {
  readonly routes: readonly ServiceRoute[]
  /** The problems it was set with. */
  readonly reported: readonly FindingSource[]
}

const NO_INSTANCE: Instance = { routes: [], reported: [] }

interface StagedInstance {
  readonly definitions: readonly RouteDefinition[]
  readonly problems: readonly Omit<Problem, 'since'>[]
  readonly isGone: boolean
}

const GONE: StagedInstance = { definitions: [], problems: [], isGone: true }

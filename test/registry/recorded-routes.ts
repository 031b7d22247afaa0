import type { Registry, RegistryOutlet, RouteSink } from '../../src/registry/registry.ts'
import { formatCommand } from '../../src/route/format-commands.ts'

/** What a registry pushed, as lines that a test can read. */
export class RecordedRoutes {
  readonly texts = new Map<string, string>()
  readonly problems = new Map<string, readonly string[]>()
  html = ''
  /** The lines as they were after each change. */
  readonly history: (readonly string[])[] = []
  readonly #instances = new Map<string, readonly string[]>()
  readonly #committed = { lines: [] as string[], texts: new Map<string, string>() }
  readonly #waiting = new Set<() => void>()

  readonly sink: RouteSink = {
    setInstance: (key, definitions, problems = []) => {
      this.#instances.set(
        key,
        definitions.map(({ command }) => formatCommand(command)),
      )
      this.problems.set(
        key,
        problems.map(({ text, reason }) => `${text}: ${reason}`),
      )
    },
    removeInstance: key => {
      this.#instances.delete(key)
      this.problems.delete(key)
    },
    setText: (source, text) => this.texts.set(source, text),
    setCommands: (source, elements) =>
      this.texts.set(
        source,
        elements.map(element => (element.kind === 'rejected' ? element.text : formatCommand(element))).join('\n'),
      ),
    removeText: source => this.texts.delete(source),
  }

  readonly outlet: RegistryOutlet = {
    sink: this.sink,
    onChange: () => {
      this.#committed.lines = [...this.#instances.values()].flat().sort()
      this.#committed.texts = new Map(this.texts)
      this.history.push(this.#committed.lines)
      for (const wake of this.#waiting) wake()
    },
    onNoRouteHtml: html => {
      this.html = html
      for (const wake of this.#waiting) wake()
    },
  }

  /** How often the registry said that something changed. */
  get changes(): number {
    return this.history.length
  }

  /** The commands of all instances, as of the last change. */
  get lines(): readonly string[] {
    return this.#committed.lines
  }

  /** Resolves as soon as the condition holds; looked at after every change. */
  async until(condition: (routes: this) => boolean, limitMs = 20_000): Promise<void> {
    if (condition(this)) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const look = () => condition(this) && resolve()
    const limit = setTimeout(() => {
      reject(
        new Error(
          `did not come about: ${condition.toString()}\n${this.lines.join('\n')}\n${JSON.stringify([...this.texts])}`,
        ),
      )
    }, limitMs)
    this.#waiting.add(look)
    await promise.finally(() => {
      clearTimeout(limit)
      this.#waiting.delete(look)
    })
  }

  /** Resolves when the lines are these, in any order. */
  async untilLines(...lines: string[]): Promise<void> {
    const expected = [...lines].sort().join('\n')
    await this.until(routes => routes.lines.join('\n') === expected)
  }
}

export function startRecording(registry: Registry): RecordedRoutes {
  const routes = new RecordedRoutes()
  registry.start(routes.outlet)
  return routes
}

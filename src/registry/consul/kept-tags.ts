import type { CatalogInstance } from '../../consul/decode.ts'
import { type CommandContext, findFaults } from '../../route/check-command.ts'
import { fields } from '../../route/go-text.ts'
import { buildServiceRoutes, type ServiceRoutes, type TagRules } from './service-routes.ts'

/** `registry.keepgood`: a route tag that was good and is no route any more leaves the last good one in force, an instance. */
export class KeptTags {
  readonly #context: CommandContext
  /** By key of the instance: its good route tags, as they were registered, and those kept in place of bad ones. */
  readonly #good = new Map<string, readonly string[]>()

  constructor(context: CommandContext) {
    this.#context = context
  }

  /** As buildServiceRoutes(), with a good tag of before for each that is bad now. Addresses are those of now. */
  routesOf(key: string, instance: CatalogInstance, rules: TagRules): ServiceRoutes {
    const { definitions, problems } = buildServiceRoutes(instance, rules)
    const good = new Set<string>()
    const bad = new Set(problems.map(({ origin }) => tagOf(origin)))
    for (const { origin, command } of definitions) {
      const isUsable = !findFaults(command, this.#context).some(({ isFatal }) => isFatal)
      ;(isUsable ? good : bad).add(tagOf(origin))
    }
    const kept = this.#keep(
      key,
      [...bad].filter(tag => !good.has(tag)),
      instance,
    )
    this.#good.set(key, [...good, ...kept.values()])
    if (kept.size === 0) return { definitions, problems }
    const others = instance.serviceTags.filter(tag => !bad.has(tag) && !good.has(tag))
    const restored = buildServiceRoutes({ ...instance, serviceTags: [...others, ...kept.values()] }, rules)
    return {
      definitions: [...definitions, ...restored.definitions],
      problems: problems.map(problem => {
        const tag = kept.get(tagOf(problem.origin))
        if (tag === undefined) return problem
        return { ...problem, expected: `${problem.expected}; until then the last good tag counts: '${tag}'` }
      }),
    }
  }

  /** The instance is not there any more. */
  forget(key: string): void {
    this.#good.delete(key)
  }

  /** Bad tag → the one of before that it replaced: that with the same source if there is one. */
  #keep(key: string, bad: readonly string[], { serviceTags }: CatalogInstance): ReadonlyMap<string, string> {
    const kept = new Map<string, string>()
    const left = new Set(this.#good.get(key))
    for (const tag of serviceTags) left.delete(tag)
    for (const isExact of [true, false]) {
      for (const tag of bad) {
        if (kept.has(tag)) continue
        const former = [...left].find(each => !isExact || sourceOf(each) === sourceOf(tag))
        if (former === undefined) continue
        left.delete(former)
        kept.set(tag, former)
      }
    }
    return kept
  }
}

function tagOf(origin: ServiceRoutes['definitions'][number]['origin']): string {
  return origin.kind === 'service' ? origin.tag : ''
}

function sourceOf(tag: string): string {
  return fields(tag)[0] ?? ''
}

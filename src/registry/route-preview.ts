import type { CommandContext } from '../route/check-command.ts'
import type { TargetSpec } from '../route/command.ts'
import type { HostPath } from '../route/host-path.ts'
import type { CompositionObserver, RouteComposition } from './route-composition.ts'
import { type RawLine, type RouteLine, updateLines } from './route-text.ts'

/** What a change would make of one route. */
export interface RouteDifference extends HostPath {
  /** Empty: the route is not there. */
  readonly before: readonly TargetSpec[]
  readonly after: readonly TargetSpec[]
}

const SILENT: CompositionObserver = { onWeigh() {}, onDropped() {} }

/**
 * What would become of the routes if a text had other lines. The new lines are put in, the routes are worked out, and the old
 * lines are put back: it costs what the change costs, and leaves everything as it was.
 */
export function previewText(
  composition: RouteComposition,
  text: { readonly source: string; readonly before: readonly RouteLine[]; readonly after: readonly RawLine[] },
  context: CommandContext,
): readonly RouteDifference[] {
  const { source, before, after } = text
  const { removed, added } = updateLines(source, before, after, context)
  swap(composition, { removed, added })
  const changed = composition.takeChanges(SILENT)
  swap(composition, { removed: added, added: removed })
  for (const [index, line] of before.entries()) line.number = index + 1
  const restored = new Map(composition.takeChanges(SILENT).map(route => [route.host + route.path, route.targets]))
  return changed.map(({ host, path, targets }) => {
    return { host, path, before: restored.get(host + path) ?? [], after: targets }
  })
}

function swap(
  composition: RouteComposition,
  { removed, added }: { readonly removed: readonly RouteLine[]; readonly added: readonly RouteLine[] },
): void {
  for (const { step } of removed) if (step !== undefined) composition.removeStep(step)
  for (const { step } of added) if (step !== undefined) composition.addStep(step)
}

import type { OptionPairs } from './command.ts'
import { quoteGo } from './go-quote.ts'
import { compareBytes } from './go-text.ts'
import type { Route } from './table.ts'
import type { Target } from './target.ts'

/** Where the routes to be shown come from: a RouteTable. */
export interface RouteSource {
  routes(): Iterable<Route>
}

/**
 * The table as route commands, one line per target that gets traffic, without a line feed at the end: `/api/routes?raw`.
 * Hosts in descending byte order, `''` last. Fixed weights are rounded to four decimals.
 */
export function formatTable(table: RouteSource): string {
  const byHost = Map.groupBy(table.routes(), route => route.host)
  const hosts = [...byHost.keys()].sort((a, b) => compareBytes(b, a))
  const lines: string[] = []
  for (const host of hosts) {
    for (const route of byHost.get(host) ?? []) {
      for (const [index, target] of route.targets.entries()) {
        if ((route.weights[index] ?? 0) > 0) lines.push(formatTarget(route, target))
      }
    }
  }
  return lines.join('\n')
}

function formatTarget({ host, path }: Route, target: Target): string {
  const { service, fixedWeight, tags, options } = target.spec
  let line = `route add ${service} ${host}${path} ${target.url}`
  if (fixedWeight > 0) line += ` weight ${formatFixed(fixedWeight, 4)}`
  if (tags.length > 0) line += ` tags ${quoteGo(tags.join(','))}`
  if (options.length > 0) line += ` opts "${formatSortedOptions(options)}"`
  return line
}

/** Sorted by name, each once, and with `=` also where there is no value. */
export function formatSortedOptions(options: OptionPairs): string {
  const sorted = [...new Map(options)].sort(([a], [b]) => compareBytes(a, b))
  return sorted.map(([name, value]) => `${name}=${value}`).join(' ')
}

/** The table as a tree with the slots of every target on the ring of its route: `log.routes.format=detail`. Ends with a line feed. */
export function formatTableDetail(table: RouteSource): string {
  const hosts = [...Map.groupBy(table.routes(), route => route.host)]
  let text = ''
  for (const [hostIndex, [host, routes]] of hosts.entries()) {
    text += `+-- host=${host}\n`
    const hostIndent = hostIndex === hosts.length - 1 ? '    ' : '|   '
    for (const [routeIndex, route] of routes.entries()) {
      const isLast = routeIndex === routes.length - 1
      text += `${hostIndent}${isLast ? '+-- ' : '|-- '}path=${route.path}\n`
      text += formatSlots(route, hostIndent + (isLast ? '    ' : '|    '))
    }
  }
  return text
}

/** The targets of a route that have slots, in the order they come first on the ring. */
function formatSlots(route: Route, indent: string): string {
  const slots = new Map<number, number>()
  for (const index of route.ring) slots.set(index, (slots.get(index) ?? 0) + 1)

  let text = ''
  let left = slots.size
  for (const [index, count] of slots) {
    left--
    const share = formatFixed(count / route.ring.length, 2)
    const address = route.targets[index]?.authority ?? ''
    text += `${indent}${left === 0 ? '+-- ' : '|-- '}addr=${address} weight ${share} slots ${count}/${route.ring.length}\n`
  }
  return text
}

/**
 * `%.2f` of Go: a number exactly between two takes the even digit (0.125 is 0.12), where toFixed() takes the larger.
 * `digits`: how many behind the point.
 */
export function formatFixed(value: number, digits: number): string {
  const isHalfway = Number.isInteger(value * 2 ** (digits + 1)) && (value * 10 ** digits) % 1 === 0.5
  if (isHalfway) {
    const below = Math.floor(value * 10 ** digits)
    return ((below % 2 === 0 ? below : below + 1) / 10 ** digits).toFixed(digits)
  }
  return value < 1e21 ? value.toFixed(digits) : `${BigInt(value)}.${'0'.repeat(digits)}`
}

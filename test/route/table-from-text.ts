import assert from 'node:assert/strict'
import type { TargetSpec } from '../../src/route/command.ts'
import { splitSource } from '../../src/route/host-path.ts'
import { parseRouteCommands } from '../../src/route/parse-commands.ts'
import type { RouteTable, RouteTableOptions } from '../../src/route/table.ts'
import type { Target } from '../../src/route/target.ts'
import { emptyTable } from './route-samples.ts'

/** A table with the targets of `route add` lines. */
export function tableFromText(text: string, options: Partial<RouteTableOptions<Target>> = {}): RouteTable {
  const { commands, rejected } = parseRouteCommands(text)
  assert.deepEqual(rejected, [])
  const routes = new Map<string, TargetSpec[]>()
  for (const command of commands) {
    assert.ok(command.kind === 'add')
    const targets = routes.get(command.src) ?? []
    targets.push(command.target)
    routes.set(command.src, targets)
  }
  const table = emptyTable(options)
  const edit = table.edit()
  for (const [src, targets] of routes) edit.apply({ ...splitSource(src), targets })
  edit.commit()
  return table
}

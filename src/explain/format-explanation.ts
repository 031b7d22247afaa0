import type { ExplainedTarget, Explanation } from './explanation.ts'

/** An explanation for a terminal. Ends with a line feed. */
export function formatExplanation({ request, outcome, hosts, route }: Explanation): string {
  const { method, host, path, query, isTls, client } = request
  const lines = [`${method} ${isTls ? 'https' : 'http'}://${host}${path}${query} from ${client}`, outcome]
  if (method === 'TCP') lines[0] = `connection to ${host} from ${client}`
  if (hosts.length > 0) lines.push('', 'Hosts, most specific first')
  for (const { key, note, outcome: result, paths, unlisted } of hosts) {
    lines.push(`  ${key === '' ? '(any host)' : key}: ${OUTCOMES[result]} (${note})`)
    for (const each of paths)
      lines.push(`    ${each.path} ${each.wins ? 'fits best' : each.fits ? 'fits, comes later' : 'does not fit'}`)
    if (unlisted > 0) lines.push(`    ${unlisted} more that do not fit`)
  }
  if (route !== undefined) {
    lines.push('', `Route ${route.host}${route.path}`)
    for (const skipped of route.skipped) lines.push(`  passed over, because its redirect leads back here: ${skipped}`)
    lines.push(...route.targets.flatMap(formatTarget))
  }
  return `${lines.join('\n')}\n`
}

const OUTCOMES: Readonly<Record<Explanation['hosts'][number]['outcome'], string>> = {
  wins: 'wins',
  later: 'would do, but comes later',
  'no path': 'no path fits',
  no: 'does not fit',
}

function formatTarget(target: ExplainedTarget): readonly string[] {
  const { service, dst, weight, tags, options, health, access, auth, redirect, sent, note } = target
  const lines = [`  ${service} ${dst} ${(weight * 100).toFixed(2)}%, ${health}`]
  if (options.length > 0) lines.push(`    options ${options.map(pair => pair.join('=')).join(' ')}`)
  if (tags.length > 0) lines.push(`    tags ${tags.join(', ')}`)
  if (access !== undefined) lines.push(`    ${access.rules}: ${access.allows ? 'allowed' : 'denied'}`)
  if (auth !== '') lines.push(`    auth ${auth}`)
  if (redirect !== undefined) lines.push(`    redirect ${redirect.status} ${redirect.location}`)
  if (note !== '') lines.push(`    ${note}`)
  return [...lines, ...sent.map(line => `    > ${line}`)]
}

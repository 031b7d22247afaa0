import { readFile } from 'node:fs/promises'
import type { Config } from '../config/config.ts'
import type { ToolFlags } from '../config/tool-flags.ts'
import { RouteFeed } from '../registry/route-feed.ts'
import { RouteTable } from '../route/table.ts'
import { Target } from '../route/target.ts'
import { Explainer } from './explainer.ts'
import type { AskedRequest, Explanation } from './explanation.ts'
import { formatExplanation } from './format-explanation.ts'

/** -explain cannot be answered; the message says why. */
export class ExplainError extends Error {
  override readonly name = 'ExplainError'
}

/**
 * `-explain URL`: by the routes of the configuration, or, with `-explain.at`, by a running router.
 * @throws ExplainError
 */
export async function explainOnce(config: Config, flags: ToolFlags): Promise<string> {
  const asked: AskedRequest = {
    url: flags.get('explain')?.at(-1) ?? '',
    method: flags.get('explain.method')?.at(-1) ?? 'GET',
    headers: flags.get('explain.header') ?? [],
    client: flags.get('explain.client')?.at(-1) ?? '127.0.0.1',
  }
  const at = flags.get('explain.at')?.at(-1)
  return formatExplanation(at === undefined ? await explainOffline(config, asked) : await askRouter(at, asked))
}

async function explainOffline(config: Config, asked: AskedRequest): Promise<Explanation> {
  const context = { matcher: config.proxy.matcher, globHosts: !config.glob.matchingDisabled }
  const feed = new RouteFeed(context)
  const { name, text } = await readRoutes(config)
  feed.setText(name, text)
  const table = new RouteTable({ ...context, makeTarget: spec => new Target(spec) })
  const edit = table.edit()
  for (const change of feed.commit()?.routes ?? []) edit.apply(change)
  edit.commit()
  const explainer = new Explainer({ config, table, feed, problems: () => feed.problems(), instances: undefined })
  return explainer.request(asked)
}

async function readRoutes({ registry }: Config): Promise<{ readonly name: string; readonly text: string }> {
  switch (registry.backend) {
    case 'static':
      return { name: 'registry.static.routes', text: registry.static.routes }
    case 'file': {
      const { path } = registry.file
      try {
        return { name: path, text: await readFile(path, 'utf8') }
      } catch (cause) {
        throw new ExplainError(`registry.file.path: ${cause instanceof Error ? cause.message : String(cause)}`, {
          cause,
        })
      }
    }
    default:
      throw new ExplainError(
        `the routes of registry.backend = ${registry.backend} are known to a running router only: give its UI address, for instance -explain.at http://127.0.0.1:9998`,
      )
  }
}

async function askRouter(at: string, { url, method, headers, client }: AskedRequest): Promise<Explanation> {
  const query = new URLSearchParams({ url, method, client })
  for (const header of headers) query.append('header', header)
  const address = `${at.replace(/\/+$/, '')}/api/explain?${query}`
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(10_000) })
    if (!answer.ok) throw new Error(`${answer.status} ${(await answer.text()).trim().slice(0, 300)}`)
    return (await answer.json()) as Explanation
  } catch (cause) {
    const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause)
    throw new ExplainError(`-explain.at ${at}: ${reason}`, { cause })
  }
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Observation } from './compare.ts'
import { USERS } from './generate.ts'
import { type Asker, startEcho } from './side.ts'

/** What a router stands before: three upstreams and a file of users. */
export interface Surroundings extends AsyncDisposable {
  /** Names become ports and paths. */
  fill(text: string): string
  observe(asker: Asker, bytes: string, method: string): Promise<Observation>
}

export async function startSurroundings(): Promise<Surroundings> {
  const folder = mkdtempSync(join(tmpdir(), 'differential-'))
  const htpasswd = join(folder, 'htpasswd')
  writeFileSync(htpasswd, USERS)
  const upstreams = [await startEcho(), await startEcho(), await startEcho()]
  const names = new Map(upstreams.map(({ port }, i) => [`{${'abc'[i]}}`, String(port)]))
  return {
    fill(text) {
      let filled = text.replaceAll('{htpasswd}', htpasswd)
      for (const [name, port] of names) filled = filled.replaceAll(name, port)
      return filled
    },
    async observe(asker, bytes, method) {
      const outcome = await asker.ask(bytes, method)
      const seen = upstreams.flatMap((upstream, index) =>
        upstream.take().map(request => ({ ...request, upstream: index })),
      )
      let text = JSON.stringify({ outcome, seen } satisfies Observation)
      for (const [name, port] of names) text = text.replaceAll(new RegExp(`(?<![0-9])${port}(?![0-9])`, 'g'), name)
      return JSON.parse(text) as Observation
    },
    async [Symbol.asyncDispose]() {
      for (const upstream of upstreams) await upstream[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true })
    },
  }
}

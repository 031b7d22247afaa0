import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { HistoryRow } from '../../src/admin/history-row.ts'
import { startFabio } from '../harness/start-fabio.ts'
import { until } from '../harness/until.ts'

test('changes of a routes file are in the history with their cause, and the table of before can be asked for', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'fabio-history-'))
  try {
    const path = join(directory, 'routes')
    const flags = [
      '-registry.backend',
      'file',
      '-registry.file.path',
      path,
      '-registry.snapshot.path',
      `${path}.snapshot`,
    ]
    await writeFile(path, 'route add web / http://10.0.0.1:80/\n')
    {
      await using fabio = await startFabio({ flags })
      const history = async (): Promise<HistoryRow[]> =>
        (await fetch(`${fabio.uiUrl}/api/history`)).json() as Promise<HistoryRow[]>
      await writeFile(path, 'route add web / http://10.0.0.2:80/\nroute add api /api http://10.0.0.3:80/\n')
      await until('the change is in the history', async () => (await history()).length === 2)
      const [now, first] = await history()
      assert.deepEqual(now?.causes, [{ kind: 'text', name: path, event: 'was written' }])
      assert.deepEqual(now?.routes.map(route => [route.path, route.change]).sort(), [
        ['/', 'changed'],
        ['/api', 'added'],
      ])
      const raw = async (at: number | string): Promise<string> =>
        (await fetch(`${fabio.uiUrl}/api/routes?raw&at=${at}`)).text()
      assert.equal(await raw(first?.time ?? 0), 'route add web / http://10.0.0.1:80/\n')
      assert.equal(await raw(now?.time ?? 0), await (await fetch(`${fabio.uiUrl}/api/routes?raw`)).text())
      assert.match(await raw('2001-01-01'), /^the history does not reach back to 2001-01-01T00:00:00\.000Z/)
      assert.equal((await fetch(`${fabio.uiUrl}/api/routes?at=soon`)).status, 400)
      assert.equal((await fetch(`${fabio.uiUrl}/api/history?limit=x`)).status, 400)
    }
    const lines = (await readFile(`${path}.snapshot.history`, 'utf8')).trim().split('\n')
    assert.equal(lines.length, 2)
    await using again = await startFabio({ flags })
    assert.equal(((await (await fetch(`${again.uiUrl}/api/history`)).json()) as HistoryRow[]).length, 3)
  } finally {
    await rm(directory, { recursive: true })
  }
})

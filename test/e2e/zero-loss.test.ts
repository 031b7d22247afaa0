import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startConsulAgent } from '../harness/consul-agent.ts'
import { missingPart, realPart } from '../harness/real-parts.ts'
import { rollInstances } from '../harness/rolling-deploy.ts'
import { startFabio } from '../harness/start-fabio.ts'

const skip = realPart('consul') === undefined && missingPart('consul')

test('instances are replaced, killed or stopped, under load: no GET fails and no POST is sent twice', {
  skip,
}, async () => {
  await using consul = await startConsulAgent()
  await using fabio = await startFabio({
    flags: [
      '-registry.backend=consul',
      '-registry.consul.addr',
      consul.addr,
      '-registry.consul.register.enabled=false',
    ],
    logLevel: 'WARN',
  })
  const report = await rollInstances({ consul, url: fabio.url, uiUrl: fabio.uiUrl, replacements: 10 })
  const { failedGets, doubled, lost } = report
  assert.deepEqual({ failedGets, doubled, lost }, { failedGets: [], doubled: [], lost: [] })
  assert.ok(report.gets > 500 && report.posts > 250, `${report.gets} GETs and ${report.posts} POSTs are no load`)
})

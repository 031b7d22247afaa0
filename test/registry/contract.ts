import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RegistryConfig } from '../../src/config/config.ts'
import { connectRegistry, type Registry } from '../../src/registry/registry.ts'
import { RecordedLog } from './recorded-log.ts'
import { startRecording } from './recorded-routes.ts'

/** A registry backend with something in it, to hold against what every registry promises. */
export interface RegistryFixture extends AsyncDisposable {
  readonly config: RegistryConfig
  /** Of the text that says `route add web / http://10.0.0.1:80/`; the page says `<b>none</b>`. */
  readonly source: string
  /** Makes the text say something else; undefined where it cannot change. */
  readonly change?: (text: string) => Promise<void>
  /** Makes the page another one; likewise. */
  readonly changePage?: (html: string) => Promise<void>
}

export const CONTRACT_ROUTES = 'route add web / http://10.0.0.1:80/'
export const CONTRACT_PAGE = '<b>none</b>'

export async function connect(config: RegistryConfig, log = new RecordedLog()): Promise<Registry> {
  const context = { matcher: 'prefix', globHosts: true } as const
  return await connectRegistry(config, { log, signal: new AbortController().signal, env: {}, context })
}

/** What every registry promises, as tests of one of them. */
export function testRegistryContract(
  backend: string,
  options: { skip: string | false },
  open: () => Promise<RegistryFixture>,
): void {
  test(`${backend}: everything there is has been pushed when it is ready`, options, async () => {
    await using fixture = await open()
    await using registry = await connect(fixture.config)
    const routes = startRecording(registry)
    await registry.ready
    assert.equal(routes.texts.get(fixture.source), CONTRACT_ROUTES)
    assert.ok(routes.changes >= 1)
  })

  test(`${backend}: nothing is pushed before it is started`, options, async () => {
    await using fixture = await open()
    await using registry = await connect(fixture.config)
    assert.equal(registry.noRouteHtml, '')
    assert.notEqual(registry.status().state, 'stale')
  })

  test(`${backend}: the page for requests without a route is pushed, and remembered`, options, async () => {
    await using fixture = await open()
    const log = new RecordedLog()
    await using registry = await connect(fixture.config, log)
    const routes = startRecording(registry)
    await routes.until(({ html }) => html === CONTRACT_PAGE)
    assert.equal(registry.noRouteHtml, CONTRACT_PAGE)
    assert.equal(log.count(/^INFO Set noroute HTML \(11 bytes\)$/), 1)
  })

  test(`${backend}: it tells how it is doing`, options, async () => {
    await using fixture = await open()
    await using registry = await connect(fixture.config)
    startRecording(registry)
    await registry.ready
    const { backend: name, state, sources } = registry.status()
    assert.deepEqual({ name, state }, { name: backend, state: 'connected' })
    assert.ok(sources.length > 0)
    assert.ok(sources.every(({ error }) => error === undefined))
  })

  test(`${backend}: it ends when it is disposed of, started or not`, options, async () => {
    await using fixture = await open()
    await (await connect(fixture.config))[Symbol.asyncDispose]()
    const started = await connect(fixture.config)
    startRecording(started)
    await started[Symbol.asyncDispose]()
  })

  test(`${backend}: a change of the text is pushed, one that changes nothing is not`, options, async () => {
    await using fixture = await open()
    if (fixture.change === undefined) return
    await using registry = await connect(fixture.config)
    const routes = startRecording(registry)
    await registry.ready
    await fixture.change('route del a')
    await routes.until(({ texts }) => texts.get(fixture.source) === 'route del a')
    const before = routes.changes
    await fixture.change('route del a')
    await fixture.change('route del b')
    await routes.until(({ texts }) => texts.get(fixture.source) === 'route del b')
    assert.equal(routes.changes, before + 1)
  })

  test(`${backend}: a change of the page is pushed, also to none`, options, async () => {
    await using fixture = await open()
    if (fixture.changePage === undefined) return
    const log = new RecordedLog()
    await using registry = await connect(fixture.config, log)
    const routes = startRecording(registry)
    await fixture.changePage('<i>other</i>')
    await routes.until(({ html }) => html === '<i>other</i>')
    await fixture.changePage('')
    await routes.until(({ html }) => html === '')
    assert.equal(log.count(/^INFO Unset noroute HTML$/), 1)
  })
}

import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { test } from 'node:test'
import { ForwardingLog } from '../../src/log/forwarding-log.ts'
import type { LogFields, LogLevel, LogRecord } from '../../src/log/log.ts'

function create(fields?: LogFields): {
  log: ForwardingLog
  batches: LogRecord[][]
  records: () => LogRecord[]
  posted: EventEmitter
} {
  const batches: LogRecord[][] = []
  const posted = new EventEmitter()
  const post = (records: readonly LogRecord[]) => {
    batches.push([...records])
    posted.emit('batch')
  }
  const log = new ForwardingLog({ level: 'INFO' satisfies LogLevel, post, ...(fields === undefined ? {} : { fields }) })
  return { log, batches, records: () => batches.flat(), posted }
}

test('records that come together cross threads together, in order', async () => {
  const { log, batches, posted } = create()
  log.info('one')
  log.debug('not this one')
  log.warn('two', { host: 'a' })
  assert.equal(batches.length, 0)
  await once(posted, 'batch')
  assert.equal(batches.length, 1)
  assert.deepEqual(
    batches[0]?.map(({ level, text, fields }) => ({ level, text, fields })),
    [
      { level: 'INFO', text: 'one', fields: undefined },
      { level: 'WARN', text: 'two', fields: { host: 'a' } },
    ],
  )
})

test('a fatal record does not wait', () => {
  const { log, records } = create()
  log.info('before')
  log.fatal('the end')
  assert.deepEqual(
    records().map(record => record.text),
    ['before', 'the end'],
  )
})

test('fields of the thread are on every record', () => {
  const { log, records } = create({ worker: 3 })
  log.info('x', { host: 'a' })
  log.flush()
  assert.deepEqual(records()[0]?.fields, { worker: 3, host: 'a' })
})

test('a text that repeats faster than anybody reads becomes a number', () => {
  const { log, records } = create()
  for (let n = 0; n < 50_000; n++) log.warn(`No route for host${n}/`)
  log.error('Error fetching config from somewhere')
  log.flush()
  const texts = records().map(record => record.text)
  assert.ok(texts.length <= 1502, `${texts.length} records`)
  assert.equal(texts[0], 'No route for host0/')
  assert.ok(texts.includes('Error fetching config from somewhere'))
  const suppressed = texts
    .map(text => /^No route for …: (\d+) similar records suppressed$/.exec(text)?.[1])
    .filter(text => text !== undefined)
  const written = texts.filter(text => text.startsWith('No route for host')).length
  assert.equal(suppressed.reduce((sum, text) => sum + Number(text), 0) + written, 50_000)
})

test('at normal rates every record is written', () => {
  const { log, records } = create()
  for (let n = 0; n < 400; n++) log.warn(`No route for host${n}/`)
  log.flush()
  assert.equal(records().length, 400)
})

test('suppressed records are reported without a further record', async () => {
  const { log, records, posted } = create()
  for (let n = 0; n < 600; n++) log.warn(`No route for host${n}/`)
  while (!records().some(record => record.text.includes('similar records suppressed'))) await once(posted, 'batch')
  assert.equal(records().at(-1)?.level, 'WARN')
})

test('texts that all differ are bounded as well', () => {
  const { log, records } = create()
  for (let n = 0; n < 100_000; n++) log.warn(`${n} x y z`)
  log.flush()
  assert.ok(records().length < 5000, `${records().length} records`)
})

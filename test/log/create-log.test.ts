import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog } from '../../src/log/create-log.ts'
import { LOG_LEVELS } from '../../src/log/log.ts'
import { createKeptLines } from './kept-lines.ts'

test('a text record has the form of Fabio', () => {
  const lines = createKeptLines()
  const log = createLog({ level: 'INFO', format: 'text', destination: lines })
  log.info('Version 1.7.3 starting', { version: '1.7.3' })
  assert.match(lines.written.join(''), /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[INFO\] Version 1\.7\.3 starting\n$/)
})

test('a text that ends its last line gets no other line end, as in Go', () => {
  const lines = createKeptLines()
  const log = createLog({ level: 'INFO', format: 'text', destination: lines })
  log.info('Updated config to\nroute add a /a http://a/\n')
  assert.match(lines.written.join(''), / \[INFO\] Updated config to\nroute add a \/a http:\/\/a\/\n$/)
})

test('text times are local, without fraction and zone', () => {
  const lines = createKeptLines()
  const log = createLog({ level: 'INFO', format: 'text', destination: lines })
  log.write({ level: 'INFO', text: 'x', time: new Date(2026, 0, 2, 3, 4, 5, 999).getTime() })
  assert.deepEqual(lines.written, ['2026/01/02 03:04:05 [INFO] x\n'])
})

for (const format of ['text', 'json'] as const) {
  for (const level of LOG_LEVELS) {
    test(`${format}: at ${level} records of that level and above are written`, () => {
      const lines = createKeptLines()
      const log = createLog({ level, format, destination: lines })
      log.trace('TRACE')
      log.debug('DEBUG')
      log.info('INFO')
      log.warn('WARN')
      log.error('ERROR')
      log.fatal('FATAL')
      const expected = LOG_LEVELS.slice(LOG_LEVELS.indexOf(level))
      assert.equal(lines.written.length + lines.writtenSync.length, expected.length)
      for (const [at, line] of [...lines.written, ...lines.writtenSync].entries())
        assert.ok(line.includes(expected[at] ?? '?'))
      assert.deepEqual(
        LOG_LEVELS.filter(other => log.isOn(other)),
        expected,
      )
    })
  }

  test(`${format}: a fatal record is out when the call returns`, () => {
    const lines = createKeptLines()
    createLog({ level: 'INFO', format, destination: lines }).fatal('the end')
    assert.deepEqual(lines.written, [])
    assert.equal(lines.writtenSync.length, 1)
  })

  test(`${format}: nothing from outside begins a record of its own or moves a cursor`, () => {
    const lines = createKeptLines()
    createLog({ level: 'INFO', format, destination: lines }).warn('No route for a\r\u001b[2J\u0000\u0085\u2028x')
    const text = lines.written.join('')
    // Line ends aside, nothing but printable characters.
    assert.match(text, /^[\x20-\x7e\u2028\u0085]+\n$/)
    if (format === 'text') assert.ok(text.endsWith('[WARN] No route for a\\r\\x1b[2J\\x00\\x85\\u2028x\n'), text)
  })
}

test('a text of ours may have several lines', () => {
  const lines = createKeptLines()
  createLog({ level: 'INFO', format: 'text', destination: lines }).info(
    'Config updates\n+ route add a /b c\n\tindented',
  )
  assert.match(lines.written.join(''), / \[INFO\] Config updates\n\+ route add a \/b c\n\tindented\n$/)
})

test('a JSON record has level, time, fields and text', () => {
  const lines = createKeptLines()
  const log = createLog({ level: 'INFO', format: 'json', destination: lines })
  log.write({
    level: 'WARN',
    text: 'No route for a',
    fields: { host: 'a', worker: 2, missing: undefined },
    time: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  })
  assert.deepEqual(JSON.parse(lines.written.join('')), {
    level: 'WARN',
    time: '2026-01-02T03:04:05.006Z',
    host: 'a',
    worker: 2,
    msg: 'No route for a',
  })
})

test('JSON fields that are secrets do not show their value', () => {
  const lines = createKeptLines()
  createLog({ level: 'INFO', format: 'json', destination: lines }).info('x', {
    token: 't0p',
    password: 'p4ss',
    host: 'a',
  })
  const line = lines.written.join('')
  assert.doesNotMatch(line, /t0p|p4ss/)
  assert.equal(JSON.parse(line).token, '[redacted]')
})

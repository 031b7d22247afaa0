import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import { compileAccessFormat } from '../../src/log/access-log.ts'
import { type AccessChunk, AccessWriter, writeAccessChunk } from '../../src/log/access-writer.ts'
import { OutputWriter } from '../../src/log/output-writer.ts'
import { accessRecord } from './access-record.ts'

function create(format = '$request_method $header.X'): {
  writer: AccessWriter
  chunks: AccessChunk[]
  posted: EventEmitter
} {
  const chunks: AccessChunk[] = []
  const posted = new EventEmitter()
  const writer = new AccessWriter({
    format: compileAccessFormat(format, { escape: false }),
    post: chunk => {
      chunks.push(chunk)
      posted.emit('chunk')
    },
  })
  return { writer, chunks, posted }
}

const textOf = (chunk: AccessChunk | undefined): string => Buffer.from(chunk?.bytes ?? []).toString('latin1')

test('lines wait for others, but not for long', async () => {
  const { writer, chunks, posted } = create('$request_method $response_status')
  writer.write(accessRecord())
  writer.write(accessRecord({ status: 404 }))
  assert.equal(chunks.length, 0)
  await once(posted, 'chunk')
  assert.equal(textOf(chunks[0]), 'GET 200\nGET 404\n')
  assert.equal(chunks[0]?.lines, 2)
})

test('a full chunk does not wait', () => {
  const { writer, chunks } = create()
  const record = accessRecord({ header: () => 'x'.repeat(1000) })
  for (let n = 0; n < 33; n++) writer.write(record)
  assert.equal(chunks.length, 1)
  writer[Symbol.dispose]()
  assert.equal(
    chunks.reduce((sum, chunk) => sum + chunk.lines, 0),
    33,
  )
})

test('a line that renders nothing is not written', () => {
  const { writer, chunks } = create('$header.X')
  writer.write(accessRecord())
  writer.flush()
  assert.deepEqual(chunks, [])
})

test('a value cannot forge a line, nor hide behind another alphabet', () => {
  const { writer, chunks } = create()
  writer.write(accessRecord({ header: () => 'a\nGET forged\r\u001b[2J\u007f' }))
  // U+010A ends in the byte of a line feed.
  writer.write(accessRecord({ header: () => 'b\u010ac' }))
  writer.write(accessRecord({ header: () => '\u00c3\u00a4' }))
  writer.flush()
  assert.equal(textOf(chunks[0]), 'GET a\\x0AGET forged\\x0D\\x1B[2J\\x7F\nGET b\\x0Ac\nGET \u00c3\u00a4\n')
})

test('what the main thread does not write is dropped and counted, and told with the next chunk', () => {
  const { writer, chunks } = create()
  const record = accessRecord({ header: () => 'x'.repeat(40_000) })
  for (let n = 0; n < 300; n++) writer.write(record)
  const posted = chunks.length
  assert.ok(posted < 300 && posted * 40_000 > 8_000_000, `${posted} chunks`)
  for (const chunk of chunks) Atomics.sub(chunk.pending, 0, chunk.bytes.length)
  writer.write(record)
  assert.equal(chunks.at(-1)?.dropped, 300 - posted)
  writer.write(record)
  assert.equal(chunks.at(-1)?.dropped, 0)
})

test('a chunk crosses threads and is written; the worker gets its room back', async () => {
  const { writer, chunks } = create('$request_method $response_status')
  const { port1, port2 } = new MessageChannel()
  writer.write(accessRecord())
  writer.flush()
  const chunk = chunks[0] ?? assert.fail()
  assert.equal(Atomics.load(chunk.pending, 0), 8)
  port1.postMessage(chunk, [chunk.bytes.buffer])
  const received = receiveMessageOnPort(port2)?.message
  port1.close()
  const path = join(mkdtempSync(join(tmpdir(), 'fabio-access-')), 'out')
  const fd = openSync(path, 'w')
  const output = new OutputWriter({ fd, onDrop: () => assert.fail() })
  assert.equal(writeAccessChunk(output, received), 0)
  await output[Symbol.asyncDispose]()
  closeSync(fd)
  assert.equal(readFileSync(path, 'utf8'), 'GET 200\n')
  assert.equal(Atomics.load(chunk.pending, 0), 0)
})

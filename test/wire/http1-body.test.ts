import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { BodyReader } from '../../src/wire/http1-body.ts'

/** Reads `text` in pieces of `step` bytes. */
function readChunked(
  text: string,
  step = text.length,
): { content: string; rest: string; problem: string; trailers: string; isDone: boolean } {
  const reader = new BodyReader()
  reader.begin('chunked')
  let content = ''
  const sink = {
    onBody(bytes: Buffer, from: number, to: number) {
      content += bytes.toString('latin1', from, to)
    },
  }
  const bytes = Buffer.from(text, 'latin1')
  let at = 0
  while (at < bytes.length && !reader.isDone) {
    const end = Math.min(at + Math.max(step, 1), bytes.length)
    const next = reader.read(bytes, at, end, sink)
    if (next === -1) break
    at = next
  }
  return {
    content,
    rest: text.slice(at),
    problem: reader.problem,
    trailers: reader.trailers,
    isDone: reader.isDone && reader.problem === '',
  }
}

describe('chunked bodies', () => {
  for (const step of [1, 2, 3, 7, 1000]) {
    test(`read in pieces of ${step} bytes give the same content, trailers and rest`, () => {
      const result = readChunked('5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nX-Sum: 7\r\nHost2: a\r\n\r\nNEXT', step)
      assert.deepEqual(
        [result.content, result.trailers, result.rest, result.isDone],
        ['hello world', 'X-Sum: 7\r\nHost2: a\r\n', 'NEXT', true],
      )
    })
  }

  test('an empty body ends at once', () => {
    assert.deepEqual(readChunked('0\r\n\r\nrest'), {
      content: '',
      rest: 'rest',
      problem: '',
      trailers: '',
      isDone: true,
    })
  })

  test('trailers that decide framing, routing or access are not passed on', () => {
    assert.equal(
      readChunked('0\r\nX-A: 1\r\nAuthorization: x\r\nX-Forwarded-For: 1.1.1.1\r\nTrailer: x\r\n\r\n').trailers,
      'X-A: 1\r\n',
    )
  })

  for (const { name, text } of [
    { name: 'no size', text: '\r\n' },
    { name: 'a size with a sign', text: '+5\r\nhello\r\n0\r\n\r\n' },
    { name: 'a size with 0x', text: '0x5\r\nhello\r\n0\r\n\r\n' },
    { name: 'a blank before the size', text: ' 5\r\nhello\r\n0\r\n\r\n' },
    { name: 'a blank behind the size', text: '5 \r\nhello\r\n0\r\n\r\n' },
    { name: 'a size beyond counting', text: 'fffffffffffffffff\r\n' },
    { name: 'a size line that ends in LF', text: '5\nhello\r\n0\r\n\r\n' },
    { name: 'CR without LF behind the size', text: '5\rhello\r\n0\r\n\r\n' },
    { name: 'a chunk longer than its size', text: '4\r\nhello\r\n0\r\n\r\n' },
    { name: 'a chunk that ends in LF', text: '5\r\nhello\n0\r\n\r\n' },
    { name: 'a control character in an extension', text: '5;a\x01\r\nhello\r\n0\r\n\r\n' },
    { name: 'LF in an extension', text: '5;a\nhello\r\n0\r\n\r\n' },
    { name: 'a blank before an extension', text: '5 ;a\r\nhello\r\n0\r\n\r\n' },
    { name: 'a blank behind a semicolon', text: '5; a\r\nhello\r\n0\r\n\r\n' },
    { name: 'a blank in an extension', text: '5;a b\r\nhello\r\n0\r\n\r\n' },
    { name: 'an extension without name', text: '5;\r\nhello\r\n0\r\n\r\n' },
    { name: 'an extension with a value and no name', text: '5;=a\r\nhello\r\n0\r\n\r\n' },
    { name: 'an extension without its value', text: '5;a=\r\nhello\r\n0\r\n\r\n' },
    { name: 'a quoted value that does not end', text: '5;a="b\r\nhello\r\n0\r\n\r\n' },
    { name: 'a quoted value that ends escaped', text: '5;a="b\\"\r\nhello\r\n0\r\n\r\n' },
    { name: 'something behind a quoted value', text: '5;a="b"c\r\nhello\r\n0\r\n\r\n' },
    { name: 'a line end in a quoted value', text: '5;a="\r\nhello\r\n0\r\n\r\n' },
    { name: 'DEL in an extension', text: '5;a="\x7f"\r\nhello\r\n0\r\n\r\n' },
    { name: 'a bad extension of the last chunk', text: '5\r\nhello\r\n0;a="\r\n\r\n' },
    { name: 'an endless extension', text: `5;${'a'.repeat(300)}\r\nhello\r\n0\r\n\r\n` },
    { name: 'Content-Length in the trailers', text: '0\r\nContent-Length: 5\r\n\r\n' },
    { name: 'a folded trailer', text: '0\r\nX-A: 1\r\n b\r\n\r\n' },
    { name: 'a trailer without colon', text: '0\r\nX-A\r\n\r\n' },
    { name: 'bare LF in the trailers', text: '0\r\nX-A: 1\nX-B: 2\r\n\r\n' },
    { name: 'endless trailers', text: `0\r\n${'X-A: 1\r\n'.repeat(2000)}\r\n` },
  ]) {
    for (const step of [1, 1000]) {
      test(`${name} is malformed, read in pieces of ${step}`, () =>
        assert.notEqual(readChunked(text, step).problem, ''))
    }
  }
})

test('a body with a length ends there, and what follows is left alone', () => {
  const reader = new BodyReader()
  reader.begin('length', 5)
  let content = ''
  const bytes = Buffer.from('helloNEXT')
  const sink = {
    onBody(piece: Buffer, from: number, to: number) {
      content += piece.toString('latin1', from, to)
    },
  }
  assert.equal(reader.read(bytes, 0, 2, sink), 2)
  assert.equal(reader.isDone, false)
  assert.equal(reader.read(bytes, 2, 9, sink), 5)
  assert.deepEqual([content, reader.isDone], ['hello', true])
})

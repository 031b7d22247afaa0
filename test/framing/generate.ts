// Messages that are nearly HTTP/1.1: most are right or only just not, because that is where two readers differ.

import type { Random } from './random.ts'

const METHODS = ['GET', 'GET', 'POST', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH', 'PROPFIND'] as const
const TARGETS = ['/', '/a', '/a/b?c=d', '/%41', '//a', '/a/../b', '/a;b=c', '/"x"', 'http://h/p', '*'] as const
const ODD_TARGETS = [
  'http://h',
  'HTTP://h:80/',
  'http://u@h/',
  'https://h?q',
  'a',
  'h:80',
  '/\\',
  '/a#b',
  '',
  '?',
] as const
const LINES = [
  ...['X-A: 1', 'x-b:2', 'X-C:', 'Accept: */*', 'X-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'],
  ...[
    'Connection: keep-alive',
    'connection: Keep-Alive, X-A',
    'Cookie: a=b; c="d"',
    'X-Latin: caf\xe9',
    'TE: trailers',
  ],
] as const
const ODD_LINES = [
  ...['Content-Length: 5', 'content-length:5', 'Content-Length: 0', 'Content-Length: 05', 'Content-Length: 5,5'],
  ...['Content-Length: +5', 'Content-Length: 5 ', 'Content-Length: 0x5', 'Content-Length: -1', 'Content-Length:'],
  ...['Content-Length: 5;', 'Content-Length: 99999999999999999999', 'Content-Length : 5', 'Content-Length\t: 5'],
  ...[
    'Content_Length: 5',
    'Content-Length\0: 5',
    'Content-Length: 5\0',
    '\0Content-Length: 5',
    'Content-Length: \x0b5',
  ],
  ...['Transfer-Encoding: chunked', 'transfer-encoding:chunked', 'Transfer-Encoding: Chunked', 'Transfer-Encoding:'],
  ...['Transfer-Encoding: gzip', 'Transfer-Encoding: gzip, chunked', 'Transfer-Encoding: chunked, gzip'],
  ...['Transfer-Encoding: identity', 'Transfer-Encoding: chunked, chunked', 'Transfer-Encoding: chunked,'],
  ...['Transfer-Encoding: ,chunked', 'Transfer-Encoding: chunked;q=1', 'Transfer-Encoding: xchunked'],
  ...['Transfer-Encoding: "chunked"', 'Transfer-Encoding: chunked\t', 'Transfer-Encoding:\tchunked'],
  ...['Transfer-Encoding : chunked', 'Transfer-Encoding\t:chunked', 'Transfer-Encoding: \x0bchunked'],
  ...['Transfer_Encoding: chunked', 'Transfer-Encoding\n: chunked', 'Transfer-Encoding: chunk', 'Transfer-Encoding'],
  ...['Transfer-Encoding: chunked\r', 'Transfer-Encoding:\r\n chunked', 'X: y\rTransfer-Encoding: chunked'],
  ...[
    'X: y\nTransfer-Encoding: chunked',
    'X: y\nContent-Length: 5',
    ' Content-Length: 5',
    '\tTransfer-Encoding: chunked',
  ],
  ...['Host: b', 'Host:', 'host: a', 'Host: a b', 'Host: a/b', 'Host: a@b', 'Host : b', ' Host: b', 'X-Host: b'],
  ...['Connection: close', 'Connection: close, keep-alive', 'Connection: upgrade', 'Connection:', 'Connection: ,,'],
  ...[
    'Upgrade: websocket',
    'Upgrade: h2c',
    'Expect: 100-continue',
    'Expect: x',
    'Trailer: X-T',
    'Proxy-Connection: close',
  ],
  ...[': x', 'X', 'X Y: z', 'X@Y: z', 'X: \x7f', 'X: \x01', 'X: \0', 'X: a\tb', '\xe9: x', 'X[]: y', 'X: \x80\xff'],
] as const
const VERSIONS = ['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0'] as const
const ODD_VERSIONS = [
  'HTTP/1.2',
  'HTTP/2.0',
  'HTTP/0.9',
  'http/1.1',
  'HTTP/1.',
  'HTTP/1.1 ',
  'HTTP/01.1',
  'HTTP/1.10',
  '',
] as const
const STATUSES = [
  '200 OK',
  '200 OK',
  '200 OK',
  '204 No Content',
  '304 Not Modified',
  '404 Not Found',
  '500 X',
  '200 ',
] as const
const ODD_STATUSES = [
  '200',
  '99 X',
  '20 X',
  '2000 X',
  '600 X',
  '999 X',
  '+20 X',
  '200\tOK',
  '200  OK',
  '200 \xe9',
  '',
] as const
const BODIES = [
  '',
  'a',
  'hello',
  '0\r\n\r\n',
  'GET /x HTTP/1.1\r\nHost: x\r\n\r\n',
  '5\r\nhello\r\n',
  'HTTP/1.1 200 OK\r\n\r\n',
] as const
const SIZES = [
  '+5',
  '-5',
  '0x5',
  ' 5',
  '5 ',
  '5\t',
  '05',
  '0000000005',
  '5;',
  '5;a',
  '5;a=b',
  '5; a=b',
  '5 ;a',
  '5;a="b"',
] as const
const MORE_SIZES = [
  '5;a="b\\"c"',
  '5;a=',
  '5;=b',
  '5;a b',
  '5;\x7f',
  '5;\xe9',
  '5;a;b',
  '5;a="',
  '5;\t',
  '5,5',
  'g',
  '',
] as const
const BIG_SIZES = [
  'fffffffffffffff5',
  '10000000000000005',
  '100000005',
  'FFFFFFFFFFFFFFFFF',
  '5;a="b";c',
  '5;a="b"c',
] as const
const TRAILERS = ['X-T: 1', 'x-u:2', 'X-V:', 'Content-Type: a'] as const
const ODD_TRAILERS = [
  'Content-Length: 5',
  'Transfer-Encoding: chunked',
  'Host: b',
  'X',
  ' X: y',
  'X : y',
  'X: \0',
  ': x',
] as const
const ENDS = ['\n', '\r', '\r\r\n', '\n\r', '\r\n ', '\r\n\t', '', '\r\n\r\n', '\r\n\r', '\r\0\n'] as const
const BYTES = [
  '\r',
  '\n',
  '\0',
  ' ',
  '\t',
  ':',
  ',',
  ';',
  '\x7f',
  '\xe9',
  '0',
  '5',
  'a',
  '\x0b',
  '\r\n',
  '"',
  '/',
  '#',
] as const

/** One to three requests, one behind the other. */
export function generateRequests(random: Random): string {
  let text = random.chance(5) ? random.pick(['\r\n', '\r\n\r\n', '\n', '\r', '\r\n\r\n\r\n', ' ']) : ''
  do text += generateRequest(random)
  while (random.chance(25))
  return scratched(text, random)
}

/** Interim answers and one answer, and perhaps something behind it. */
export function generateAnswers(random: Random): string {
  let text = ''
  while (random.chance(15))
    text += generateAnswer(random, random.pick(['100 Continue', '103 Early Hints', '102 X', '199 X']))
  text += generateAnswer(random, random.chance(5) ? random.pick(ODD_STATUSES) : random.pick(STATUSES))
  if (random.chance(10)) text += generateAnswer(random, '200 OK')
  return scratched(text, random)
}

function generateRequest(random: Random): string {
  const target = random.chance(8) ? random.pick(ODD_TARGETS) : random.pick(TARGETS)
  const version = random.chance(3) ? random.pick(ODD_VERSIONS) : random.pick(VERSIONS)
  const line = `${random.pick(METHODS)} ${target} ${version}`
  const lines = random.chance(97) ? ['Host: a'] : []
  return message(line, lines, random)
}

function generateAnswer(random: Random, status: string): string {
  const version = random.chance(3) ? random.pick(ODD_VERSIONS) : random.pick(VERSIONS)
  return message(`${version} ${status}`, [], random)
}

function message(startLine: string, lines: string[], random: Random): string {
  while (random.chance(40)) lines.push(random.pick(LINES))
  const body = random.chance(30) ? '' : random.pick(BODIES)
  let sent: string = body
  const framing = random.below(10)
  if (framing < 4) lines.push(`Content-Length: ${body.length}`)
  else if (framing < 8) {
    lines.push('Transfer-Encoding: chunked')
    sent = chunked(body, random)
  } else if (random.chance(80)) {
    sent = ''
  }
  if (random.chance(25)) lines.splice(random.below(lines.length + 1), 0, random.pick(ODD_LINES))
  if (random.chance(5)) lines.push(lines[random.below(lines.length)] ?? 'X: y')
  return head(startLine, lines, random) + sent
}

function head(startLine: string, lines: readonly string[], random: Random): string {
  const oddEndAt = random.chance(6) ? random.below(lines.length + 2) : -1
  let text = ''
  for (const [i, line] of [startLine, ...lines, ''].entries())
    text += line + (i === oddEndAt ? random.pick(ENDS) : '\r\n')
  return text
}

function chunked(body: string, random: Random): string {
  const oddAt = random.chance(20) ? random.below(4) : -1
  let text = ''
  if (body !== '') {
    const size = body.length.toString(16)
    const oddSize = random.pick([random.pick(SIZES), random.pick(MORE_SIZES), random.pick(BIG_SIZES)])
    const written = oddAt === 0 ? oddSize.replace('5', size) : random.chance(10) ? `${size};a=b` : size
    text += `${written}${oddAt === 1 ? random.pick(ENDS) : '\r\n'}${body}`
    text += oddAt === 2 ? random.pick(ENDS) : '\r\n'
  }
  text += random.chance(95)
    ? '0\r\n'
    : random.pick(['00\r\n', '0;a\r\n', '0 \r\n', '0\n', '-0\r\n', '0;a="\r\n', '0\r\n0\r\n'])
  while (random.chance(15)) text += `${random.pick(TRAILERS)}\r\n`
  if (oddAt === 3) text += `${random.pick(ODD_TRAILERS)}\r\n`
  return text + (random.chance(96) ? '\r\n' : random.pick(ENDS))
}

/** Every now and then a byte too many, too few, or another. */
function scratched(text: string, random: Random): string {
  let scratchedText = text
  while (random.chance(15)) {
    const at = random.below(scratchedText.length + 1)
    const removed = random.below(2)
    const added = random.chance(30) ? '' : random.pick(BYTES)
    scratchedText = scratchedText.slice(0, at) + added + scratchedText.slice(at + removed)
  }
  return random.chance(3) ? scratchedText.slice(0, random.below(scratchedText.length + 1)) : scratchedText
}

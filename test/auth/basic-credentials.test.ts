import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { formatBasicChallenge } from '../../src/auth/basic-challenge.ts'
import { MAX_AUTHORIZATION_LENGTH, parseBasicCredentials } from '../../src/auth/basic-credentials.ts'
import { basic, utf8 } from './credentials.ts'

describe('an Authorization header', () => {
  for (const { name, header, user, password } of [
    { name: 'has the scheme in any case', header: 'bAsIC YTpi', user: 'a', password: 'b' },
    { name: 'is divided at the first colon', header: basic('a', 'b:c:'), user: 'a', password: 'b:c:' },
    { name: 'may have no user and no password', header: 'Basic Og==', user: '', password: '' },
    { name: 'may leave any bits in its last character', header: 'Basic Om==', user: '', password: '' },
    { name: 'may hold UTF-8, which stays bytes', header: basic(utf8('ü'), utf8('€')), user: 'Ã¼', password: 'â\x82¬' },
    { name: 'may hold Latin-1, which stays bytes', header: basic('ü', '\xa0'), user: 'ü', password: '\xa0' },
    { name: 'may hold control characters', header: basic('a\0', '\r\n'), user: 'a\0', password: '\r\n' },
  ]) {
    test(name, () => assert.deepEqual(parseBasicCredentials(header), { user, password }))
  }

  for (const { name, header } of [
    { name: 'is empty', header: '' },
    { name: 'is a scheme only', header: 'Basic' },
    { name: 'has nothing behind its scheme', header: 'Basic ' },
    { name: 'has two blanks', header: 'Basic  YTpi' },
    { name: 'has a tab', header: 'Basic\tYTpi' },
    { name: 'has another scheme', header: 'Bearer YTpi' },
    { name: 'has no colon', header: `Basic ${Buffer.from('abc').toString('base64')}` },
    { name: 'is no base64', header: 'Basic !!!!' },
    { name: 'has a blank in its base64', header: 'Basic YT pi' },
    { name: 'has no padding', header: 'Basic Og' },
    { name: 'has too much padding', header: 'Basic YTpi====' },
    { name: 'has something behind its padding', header: 'Basic Og==YTpi' },
    {
      name: 'has the alphabet of URLs',
      header: `Basic ${Buffer.from('\xff:\xff\xff\xff', 'latin1').toString('base64url')}`,
    },
    { name: 'is longer than any credentials', header: basic('a', 'x'.repeat(MAX_AUTHORIZATION_LENGTH)) },
  ]) {
    test(`has no credentials when it ${name}`, () => assert.equal(parseBasicCredentials(header), undefined))
  }
})

describe('a challenge', () => {
  for (const { name, realm, challenge } of [
    {
      name: 'names the realm as it is',
      realm: "Team area, it's ours",
      challenge: `Basic realm="Team area, it's ours"`,
    },
    { name: 'escapes quotes and backslashes', realm: 'a "b" \\c', challenge: 'Basic realm="a \\"b\\" \\\\c"' },
    { name: 'is UTF-8 in bytes', realm: 'Küche', challenge: 'Basic realm="KÃ¼che"' },
    { name: 'keeps tabs', realm: 'a\tb', challenge: 'Basic realm="a\tb"' },
    { name: 'cannot end the header', realm: 'a\r\nSet-Cookie: b\0\x7f', challenge: 'Basic realm="a  Set-Cookie: b  "' },
    { name: 'may be empty', realm: '', challenge: 'Basic realm=""' },
  ]) {
    test(name, () => assert.equal(formatBasicChallenge(realm), challenge))
  }
})

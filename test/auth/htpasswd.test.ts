import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseHtpasswd } from '../../src/auth/htpasswd.ts'
import { Users } from '../../src/auth/users.ts'
import { utf8 } from './credentials.ts'

function usersOf(text: string): Users {
  return new Users(parseHtpasswd(text).users)
}

describe('a line of an htpasswd file', () => {
  for (const { name, text, user, password } of [
    { name: 'is split at its first colon', text: 'a:b:c', user: 'a', password: 'b:c' },
    { name: 'may end in CRLF', text: 'a:b\r\nc:d\r\n', user: 'a', password: 'b' },
    { name: 'may be the last without an end', text: 'a:b\nc:d', user: 'c', password: 'd' },
    { name: 'loses blanks around it', text: ' \t a:b \t\v\f', user: 'a', password: 'b' },
    { name: 'keeps blanks at its colon', text: 'a : b', user: 'a ', password: ' b' },
    { name: 'loses white space of Unicode', text: utf8('\u00a0\u2003a:b\u3000\u0085'), user: 'a', password: 'b' },
    { name: 'keeps the byte A0 that is no white space', text: 'a:b\xa0', user: 'a', password: 'b\xa0' },
    { name: 'keeps the byte A0 that ends a letter', text: utf8('a:à'), user: 'a', password: utf8('à') },
    { name: 'may begin with #, which says nothing', text: '#a:b', user: '#a', password: 'b' },
    { name: 'may be about a user without a name', text: ':b', user: '', password: 'b' },
    { name: 'may be about a user without a password', text: 'a:', user: 'a', password: '' },
    {
      name: 'may be about a user named like a property of objects',
      text: '__proto__:b',
      user: '__proto__',
      password: 'b',
    },
    { name: 'may hold any bytes', text: 'ü:\x80', user: 'ü', password: '\x80' },
    { name: 'may follow a byte order mark', text: '\xef\xbb\xbfa:b', user: 'a', password: 'b' },
    { name: 'counts more than an earlier one of its user', text: 'a:x\na:b', user: 'a', password: 'b' },
    { name: 'counts when a later one is no hash at all', text: 'a:b\na:{SHA}x\na', user: 'a', password: 'b' },
  ]) {
    test(name, () => {
      const users = usersOf(text)
      assert.ok(users.verify(user, password))
      assert.ok(!users.verify(user, `${password}x`))
      assert.ok(!users.verify(`${user}x`, password))
    })
  }

  test('counts more than an earlier one also when no password can match it', () => {
    for (const hash of [
      '$2y$bad',
      '$5$bad$x',
      '$1$bad$x',
      '$2y$31$n7PVqzmmpAU/ecoZ5v7txuUnjkk0axVaIc6o3QktyJBnUTHRNQ5xu',
    ]) {
      const users = usersOf(`a:b\na:${hash}`)
      assert.ok(!users.verify('a', 'b'))
      assert.ok(!users.verify('a', hash))
    }
  })

  test('costs only itself when it is bad, is numbered, and is not shown', () => {
    const { users, problems } = parseHtpasswd('a:b\n\n  \n# comment\nc:{SHA}secret\nd:$1$secret\ne:f\nsecret\n')
    assert.deepEqual([...users.keys()], ['a', 'e'])
    assert.deepEqual(problems, [
      { line: 4, problem: 'malformed line, no colon' },
      { line: 5, problem: 'Malformed sha1: illegal base64 data' },
      { line: 6, problem: 'malformed md5 password' },
      { line: 8, problem: 'malformed line, no colon' },
    ])
  })

  test('may be missing: a file without users lets nobody in', () => {
    for (const text of ['', '\n', '\r\n \n', '\xef\xbb\xbf']) {
      assert.deepEqual(parseHtpasswd(text).problems, [])
      assert.ok(!usersOf(text).verify('', ''))
    }
  })
})

describe('users', () => {
  test('are not let in with the password of another, whichever hash an unknown name is compared with', () => {
    const users = usersOf('a:x\nb:x\nc:{SHA}EfatjsUqKYSt4ciDhZwAjRZJwqI=')
    for (let n = 0; n < 100; n++) assert.ok(!users.verify(`nobody-${n}`, 'x'))
  })

  test('are lost when they are gone or have another password', () => {
    const before = usersOf('same:x\ngone:x\nother:x\nagain:old\nagain:x')
    const after = usersOf('new:x\nsame:x\nother:y\nagain:x')
    assert.deepEqual(before.lostIn(after), ['gone', 'other'])
    assert.deepEqual(before.lostIn(before), [])
    assert.deepEqual(before.lostIn(new Users()), ['same', 'gone', 'other', 'again'])
    assert.deepEqual(new Users().lostIn(before), [])
  })
})

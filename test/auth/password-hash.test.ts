import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MAX_CRYPT_PASSWORD_BYTES } from '../../src/auth/match-password.ts'
import { MAX_BCRYPT_COST, MAX_SHA_CRYPT_ROUNDS, parsePasswordHash } from '../../src/auth/password-hash.ts'
import { matches, utf8 } from './credentials.ts'

const SALT = 'abcdefgh'
const MD5 = 'W/8r1SWbVzbnNV3h1/PUK1'
const SHA256 = 'SwQ2WVgT4tGi8/UZFrsqKBEbZXFty4mKEbhFbtSecU0'
const SHA256_SALT = '33w/uOVJP0oaMMuy'
const BCRYPT = '$2y$04$n7PVqzmmpAU/ecoZ5v7txuUnjkk0axVaIc6o3QktyJBnUTHRNQ5xu'
const SHA1 = 'VBPuJHI7uixaa6LQGWx4s+5GKNE='

describe('a password matches what another program made of it', () => {
  for (const { encoded, password } of [
    // Apache's documentation, "Password Formats".
    { encoded: '$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/', password: 'myPassword' },
    { encoded: `{SHA}${SHA1}`, password: 'myPassword' },
    // htpasswd of Apache 2.4.
    { encoded: '$apr1$EWQJhAT5$f6DDbOx7a5a6VbgrzF1ce1', password: 'myPassword' },
    { encoded: BCRYPT, password: 'myPassword' },
    { encoded: `$5$${SHA256_SALT}$${SHA256}`, password: 'myPassword' },
    {
      encoded:
        '$6$rounds=1500$74q5mqcr0TpfGAz1$.5uO8ZW3UEOX2FPwmRcd3akxkxk1HEMHIMomL1tkLIUwzg4qUk180n4XGcxCHz8w38TP23r/8wDBucf6NRJLr/',
      password: 'myPassword',
    },
    // "Unix crypt using SHA-256 and SHA-512".
    { encoded: '$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5', password: 'Hello world!' },
    {
      encoded: '$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA',
      password: 'Hello world!',
    },
    {
      encoded: '$5$rounds=5000$toolongsaltstrin$Un/5jzAHMgOGZ5.mWJpuVolil07guHPvOW8mGRcvxa5',
      password: 'This is just a test',
    },
    {
      encoded: '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
      password: 'Hello world!',
    },
    {
      encoded:
        '$6$rounds=123456$asaltof16chars..$BtCwjqMJGx5hrJhZywWvt0RLE8uZ4oPwcelCjmw2kSYu.Ec6ycULevoBK25fs2xXgMNrCzIMVcgEJAstJeonj1',
      password: 'a short string',
    },
    // crypt(3) of libxcrypt.
    { encoded: `$1$${SALT}$${MD5}`, password: 'myPassword' },
    { encoded: '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', password: 'U*U' },
    { encoded: '$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy', password: '' },
    // Python's hashlib.
    { encoded: '{SSHA}7C7H9x0jc3eKN2hwCaB+zU5nwVdzYWx0c2FsdA==', password: 'myPassword' },
  ]) {
    test(encoded, () => {
      assert.ok(matches(encoded, password))
      assert.ok(!matches(encoded, `${password}x`))
      assert.ok(!matches(encoded, password.slice(0, -1) || 'other'))
    })
  }
})

describe('what Fabio accepts as well, because its library does', () => {
  for (const { name, encoded, password = 'myPassword' } of [
    { name: 'bcrypt $2a$', encoded: BCRYPT.replace('$2y$', '$2a$') },
    { name: 'bcrypt $2b$', encoded: BCRYPT.replace('$2y$', '$2b$') },
    { name: 'bcrypt $2x$, which is no other algorithm', encoded: BCRYPT.replace('$2y$', '$2x$') },
    { name: 'something behind a bcrypt hash', encoded: `${BCRYPT}:Real Name` },
    { name: 'bcrypt with other spare bits at the end of the salt', encoded: BCRYPT.replace('7txuU', '7txvU') },
    { name: 'an empty place for the rounds', encoded: `$5$$${SHA256_SALT}$${SHA256}` },
    { name: 'rounds that are the default', encoded: `$5$rounds=5000$${SHA256_SALT}$${SHA256}` },
    { name: 'a longer salt of SHA-crypt, cut', encoded: `$5$${SHA256_SALT}extra$${SHA256}` },
    { name: '{SSHA} without salt', encoded: `{SSHA}${SHA1}` },
    { name: 'plain text', encoded: 'myPassword' },
    { name: 'plain text as nginx marks it', encoded: '{PLAIN}myPassword' },
    { name: 'plain text that looks as if nginx had marked it', encoded: '{PLAIN}x', password: '{PLAIN}x' },
    { name: 'an empty password', encoded: '', password: '' },
    { name: 'colons in plain text', encoded: 'a:b', password: 'a:b' },
    {
      name: 'the text of a DES hash, which is taken for plain text',
      encoded: 'z8HS5KDJS7K9s',
      password: 'z8HS5KDJS7K9s',
    },
    { name: 'formats in another case are plain text', encoded: `{sha}${SHA1}`, password: `{sha}${SHA1}` },
  ]) {
    test(name, () => assert.ok(matches(encoded, password)))
  }
})

describe('what no password matches', () => {
  for (const { name, encoded, problem } of [
    { name: 'the password of a DES hash', encoded: 'z8HS5KDJS7K9s', problem: /looks like a hash/ },
    { name: 'the password of an yescrypt hash', encoded: '$y$j9T$abcdefgh$9WNEpu8Mx', problem: /looks like a hash/ },
    { name: 'another scheme of LDAP', encoded: '{SSHA256}AAAA', problem: /looks like a hash/ },
    { name: 'bcrypt cut short', encoded: BCRYPT.slice(0, 59), problem: /^malformed bcrypt password$/ },
    { name: 'bcrypt without anything', encoded: '$2y$', problem: /^malformed bcrypt password$/ },
    { name: 'bcrypt with too low a cost', encoded: BCRYPT.replace('$04$', '$03$'), problem: /^malformed bcrypt/ },
    { name: 'bcrypt with an impossible cost', encoded: BCRYPT.replace('$04$', '$32$'), problem: /^malformed bcrypt/ },
    {
      name: 'bcrypt with a cost of hours',
      encoded: BCRYPT.replace('$04$', '$31$'),
      problem: new RegExp(`^bcrypt password of cost 31; the limit is ${MAX_BCRYPT_COST}$`),
    },
    { name: 'MD5-crypt without digest', encoded: `$1$${SALT}`, problem: /^malformed md5 password$/ },
    { name: 'MD5-crypt with a longer digest', encoded: `$1$${SALT}$${MD5}x`, problem: /^malformed md5 password$/ },
    { name: 'the other MD5-crypt', encoded: `$apr1$${SALT}$${MD5}`, problem: undefined },
    { name: 'SHA-crypt without digest', encoded: `$5$${SHA256_SALT}`, problem: /^malformed crypt-SHA password$/ },
    {
      name: 'SHA-crypt with a cut digest',
      encoded: `$5$${SHA256_SALT}$${SHA256.slice(1)}`,
      problem: /^malformed crypt-SHA/,
    },
    { name: 'a digest of the other length', encoded: `$6$${SHA256_SALT}$${SHA256}`, problem: /^malformed crypt-SHA/ },
    {
      name: 'rounds that are no number',
      encoded: `$5$rounds=x$${SHA256_SALT}$${SHA256}`,
      problem: /^malformed crypt-SHA/,
    },
    { name: 'rounds without a salt', encoded: `$5$rounds=5000$${SHA256}`, problem: /^malformed crypt-SHA/ },
    { name: 'too few rounds', encoded: `$5$rounds=999$${SHA256_SALT}$${SHA256}`, problem: /^malformed crypt-SHA/ },
    { name: 'rounds with zeros', encoded: `$5$rounds=05000$${SHA256_SALT}$${SHA256}`, problem: /^malformed crypt-SHA/ },
    {
      name: 'rounds that take minutes',
      encoded: `$5$rounds=999999999$${SHA256_SALT}$${SHA256}`,
      problem: new RegExp(`^crypt-SHA password of 999999999 rounds; the limit is ${MAX_SHA_CRYPT_ROUNDS}$`),
    },
    { name: '{SHA} that is no base64', encoded: '{SHA}!!!!', problem: /^Malformed sha1: illegal base64 data$/ },
    { name: '{SHA} of the wrong length', encoded: '{SHA}AAAA', problem: /^Malformed sha1: wrong length$/ },
    {
      name: '{SSHA} that is no base64',
      encoded: `{SSHA}${SHA1.slice(0, -1)}`,
      problem: /^Malformed ssha: illegal base64/,
    },
    { name: '{SSHA} that is too short', encoded: '{SSHA}AAAA', problem: /^Malformed ssha: wrong length$/ },
  ]) {
    test(name, () => {
      assert.ok(!matches(encoded, 'myPassword'))
      const found = parsePasswordHash(encoded).problem
      if (problem === undefined) assert.equal(found, undefined)
      else assert.match(found ?? '', problem)
    })
  }
})

describe('the bytes of passwords', () => {
  const text = 'Grüße'
  test('a hash of UTF-8 matches UTF-8, and not the same text in Latin-1', () => {
    // Of crypt(3), `htpasswd -nbs` and `openssl passwd`, in a UTF-8 terminal.
    for (const encoded of [
      '$2y$04$abcdefghijklmnopqrstuuzzfwLY11Q0O66TF2XZ7FUib2Ngtn1va',
      '{SHA}9kl1HW4btG+MhqjgMAI3wz3wcHQ=',
      '$apr1$abcdefgh$mQGuToDT8YYjBCq6bI.2k0',
    ]) {
      assert.ok(matches(encoded, utf8(text)), encoded)
      assert.ok(!matches(encoded, text), encoded)
    }
  })

  test('a hash of Latin-1 matches Latin-1', () => {
    assert.ok(matches('{SHA}Hz6mzlWsjFLqjfg7lVBv7WmYwN8=', text))
    assert.ok(matches(text, text))
    assert.ok(!matches(text, utf8(text)))
  })

  test('bcrypt does not match what is no UTF-8', () => {
    assert.ok(!matches('$2y$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq', '\xa3'))
  })

  test('bcrypt takes 72 bytes', () => {
    const password = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
    const encoded = '$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui'
    assert.ok(matches(encoded, password))
    assert.ok(matches(encoded, `${password} and whatever follows`))
    assert.ok(!matches(encoded, password.slice(0, 71)))
  })

  test('a password so long that it would keep the thread busy matches no crypt hash', () => {
    const long = 'x'.repeat(MAX_CRYPT_PASSWORD_BYTES + 1)
    assert.ok(!matches(`$5$${SHA256_SALT}$${SHA256}`, long))
    assert.ok(!matches(`$1$${SALT}$${MD5}`, long))
    assert.ok(matches(long, long))
  })
})

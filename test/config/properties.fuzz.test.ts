// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of the file has them too

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ConfigError } from '../../src/config/config-error.ts'
import { parseProperties } from '../../src/config/properties.ts'
import { fuzzParameters } from './fuzz-parameters.ts'

const ENVIRONMENT = new Map([['E', '${a}']])

const piece = fc.constantFrom(
  'a',
  'b',
  '=',
  ':',
  ' ',
  '\t',
  '#',
  '!',
  '\\',
  '\n',
  '\r',
  '\\u0041',
  '\\u',
  '$',
  '{',
  '}',
  '${',
  '${a}',
  '${E}',
  '\na = ',
  '\nb = ',
  '\ufeff',
)

test('any text is properties or is refused', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece).map(parts => parts.join('')),
      ),
      text => {
        try {
          for (const { value, line } of parseProperties(text, ENVIRONMENT).properties.values()) {
            assert.doesNotMatch(value, /\$\{/)
            assert.ok(line >= 1)
          }
        } catch (error) {
          assert.ok(error instanceof ConfigError, String(error))
        }
      },
    ),
    fuzzParameters(),
  )
})

function escaped(text: string): string {
  return [...text].map(character => (/[A-Za-z0-9]/.test(character) ? character : unicodeEscapes(character))).join('')
}

function unicodeEscapes(character: string): string {
  return [...Array(character.length).keys()]
    .map(i => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`)
    .join('')
}

test('what is written with escapes is read back', () => {
  const key = fc.string({ minLength: 1 })
  const value = fc.string({ unit: 'grapheme' }).filter(text => !text.includes('${'))
  fc.assert(
    fc.property(fc.dictionary(key, value, { noNullPrototype: false }), properties => {
      const text = Object.entries(properties)
        .map(([key, value]) => `${escaped(key)} = ${escaped(value)}`)
        .join('\n')
      const read = [...parseProperties(text, ENVIRONMENT).properties].map(([key, { value }]) => [key, value])
      assert.deepEqual(read, Object.entries(properties))
    }),
    fuzzParameters(),
  )
})

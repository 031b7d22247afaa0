import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ConfigError } from '../../src/config/config-error.ts'
import { formatKeyValueList, type KeyValueList, parseKeyValueList } from '../../src/config/key-value-list.ts'
import { fuzzParameters } from './fuzz-parameters.ts'

const piece = fc.constantFrom('a', 'b', '=', ';', ',', '"', "'", '\\', ' ', '\\n', '\\xff', '\n', '\u00e9', '\ud800')

function parseOrRefuse(text: string): KeyValueList | undefined {
  try {
    return parseKeyValueList(text)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    assert.match(error.message, /column/)
    return undefined
  }
}

test('any text is a list or is refused with a column', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece).map(parts => parts.join('')),
      ),
      text => void parseOrRefuse(text),
    ),
    fuzzParameters(),
  )
})

test('no map of a list is empty', () => {
  fc.assert(
    fc.property(fc.array(piece), parts => (parseOrRefuse(parts.join(''))?.maps ?? []).every(map => map.size > 0)),
    fuzzParameters(),
  )
})

const word = fc
  .string({ minLength: 1 })
  .filter(text => /^[^\s,;='"\ud800-\udfff][^,;=]*$/.test(text) && text === text.trim())
const quoted = fc
  .string({ unit: 'grapheme' })
  .map(text => ({ text, written: `"${text.replaceAll(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"` }))
const pair = fc.tuple(
  word,
  fc.oneof(
    word.map(text => ({ text, written: text })),
    quoted,
  ),
)

test('what is written with quotes where they are needed is read back', () => {
  const lists = fc.array(fc.uniqueArray(pair, { minLength: 1, selector: ([key]) => key }))
  fc.assert(
    fc.property(lists, maps => {
      const text = maps.map(pairs => pairs.map(([key, value]) => `${key}=${value.written}`).join(';')).join(',')
      assert.deepEqual(
        parseKeyValueList(text).maps.map(map => [...map]),
        maps.map(pairs => pairs.map(([key, value]) => [key, value.text])),
      )
    }),
    fuzzParameters(),
  )
})

test('the maps of any list are the same after they were written and read again', () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.array(piece.filter(part => part !== '\ud800')).map(parts => parts.join('')),
  )
  fc.assert(
    fc.property(text, source => {
      const maps = parseOrRefuse(source)?.maps ?? []
      const again = parseKeyValueList(formatKeyValueList(maps))
      assert.deepEqual(again, { maps, danglingKey: undefined })
    }),
    fuzzParameters(),
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildAccent, contrastRatio } from '../../src/admin/ui/accent.ts'

const NAMES =
  'red pink purple deep-purple indigo blue light-blue cyan teal green light-green lime yellow amber orange deep-orange brown grey blue-grey black white'
const SHADES = ['', ' lighten-1', ' lighten-5', ' darken-1', ' darken-4', ' accent-2']

test('whatever ui.color is, text on the bar and accents on the page can be read', () => {
  for (const name of NAMES.split(' ')) {
    for (const shade of SHADES) {
      const { bar, barCurrent, onBar, text } = buildAccent(name + shade)
      for (const [a, b] of [
        [bar.light, onBar.light],
        [bar.dark, onBar.dark],
        [barCurrent.light, onBar.light],
        [barCurrent.dark, onBar.dark],
        [text.light, '#ffffff'],
        [text.light, '#eef1ee'],
        [text.dark, '#1b201c'],
        [text.dark, '#2a312b'],
      ] as const) {
        assert.ok(contrastRatio(a, b) >= 4.5, `${name}${shade}: ${a} on ${b} has ${contrastRatio(a, b).toFixed(2)}`)
      }
    }
  }
})

test('the bar of the default colour has that colour, and an unknown one is the default', () => {
  assert.equal(buildAccent('light-green').bar.light, '#8bc34a')
  assert.deepEqual(buildAccent('chartreuse z-depth-1'), buildAccent('light-green'))
  assert.deepEqual(buildAccent('__proto__'), buildAccent('light-green'))
  assert.deepEqual(buildAccent(''), buildAccent('light-green'))
})

test('shades and class names around the colour count', () => {
  assert.notEqual(buildAccent('red darken-2').bar.light, buildAccent('red').bar.light)
  assert.deepEqual(buildAccent('z-depth-2 Red'), buildAccent('red'))
})

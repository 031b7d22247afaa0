import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatFixed, formatTable, formatTableDetail } from '../../src/route/format-table.ts'
import { tableFromText } from './table-from-text.ts'

const TABLE = tableFromText(`
route add s d.test/ http://A:1/ weight 0.2
route add s d.test/ http://B:1/
route add s d.test/x http://A:1/
route add s e.test/ http://A:1/`)

test('the table as commands has its hosts descending', () => {
  assert.equal(
    formatTable(TABLE),
    `route add s e.test/ http://A:1/
route add s d.test/x http://A:1/
route add s d.test/ http://A:1/ weight 0.2000
route add s d.test/ http://B:1/`,
  )
})

test('the table as a tree has its hosts ascending', () => {
  assert.equal(
    formatTableDetail(TABLE),
    `+-- host=d.test
|   |-- path=/x
|   |    +-- addr=A:1 weight 1.00 slots 1/1
|   +-- path=/
|       |-- addr=A:1 weight 0.20 slots 2000/10000
|       +-- addr=B:1 weight 0.80 slots 8000/10000
+-- host=e.test
    +-- path=/
        +-- addr=A:1 weight 1.00 slots 1/1
`,
  )
})

test('targets without traffic are left out, and routes of any host come last', () => {
  const table = tableFromText(`
route add a / HTTP://h:1 weight 1 tags "x,y z" opts "foo strip=/b a=c"
route add b / http://h:2
route add c c.test/ http://h:3`)
  assert.equal(
    formatTable(table),
    `route add c c.test/ http://h:3
route add a / http://h:1 weight 1.0000 tags "x,y z" opts "a=c foo= strip=/b"`,
  )
  assert.equal(
    formatTableDetail(table),
    `+-- host=
|   +-- path=/
|       +-- addr=h:1 weight 1.00 slots 10000/10000
+-- host=c.test
    +-- path=/
        +-- addr=h:3 weight 1.00 slots 1/1
`,
  )
})

test('an empty table is empty text', () => {
  assert.equal(formatTable(tableFromText('')), '')
  assert.equal(formatTableDetail(tableFromText('')), '')
})

for (const [value, digits, text] of [
  [0.125, 2, '0.12'],
  [0.375, 2, '0.38'],
  [0.03125, 4, '0.0312'],
  [0.005, 2, '0.01'],
  [0.015, 2, '0.01'],
  [1 / 3, 2, '0.33'],
  [12_345.67895, 4, '12345.6789'],
  [1e22, 4, '10000000000000000000000.0000'],
] as const) {
  test(`${value} with ${digits} digits is ${text}`, () => assert.equal(formatFixed(value, digits), text))
}

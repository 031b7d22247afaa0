import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createNoRoutePage } from '../../../src/proxy/http/no-route-page.ts'

const HTML = 'Content-Type: text/html; charset=utf-8\r\n'
const TEXT = 'Content-Type: text/plain; charset=utf-8\r\n'

for (const { html, lines } of [
  { html: '<!DOCTYPE html><p>x', lines: HTML },
  { html: '<!doctype HTML>', lines: HTML },
  { html: '<html>', lines: HTML },
  { html: '<HTML lang="en">', lines: HTML },
  { html: ' \n\t\f<body>', lines: HTML },
  { html: '<h1>nothing here</h1>', lines: HTML },
  { html: '<b>nothing</b>', lines: HTML },
  { html: '<!-- c -->', lines: HTML },
  { html: '<p>', lines: HTML },
  { html: '<p\n>', lines: TEXT },
  { html: '<htmlx>', lines: TEXT },
  { html: '<main>', lines: TEXT },
  { html: '<html', lines: TEXT },
  { html: 'nothing <b>here</b>', lines: TEXT },
  { html: '{"error":404}', lines: TEXT },
  { html: '\n<?xml version="1.0"?><a/>', lines: 'Content-Type: text/xml; charset=utf-8\r\n' },
]) {
  test(`${JSON.stringify(html)} is ${lines.slice(14, 23)}`, () => assert.equal(createNoRoutePage(html).lines, lines))
}

test('an empty page has neither type nor body', () => assert.deepEqual(createNoRoutePage(''), { body: '', lines: '' }))

test('a page is sent as UTF-8', () => {
  assert.equal(createNoRoutePage('<p>café €').body, '<p>caf\xc3\xa9 \xe2\x82\xac')
})

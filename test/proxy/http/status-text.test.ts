import assert from 'node:assert/strict'
import { STATUS_CODES } from 'node:http'
import { test } from 'node:test'
import { registeredText, statusText } from '../../../src/proxy/http/status-text.ts'

test('every status has the name that Node gives it', () => {
  for (let status = 100; status < 600; status++) assert.equal(registeredText(status), STATUS_CODES[status] ?? '')
})

test('a status without a name is called by its number', () => {
  assert.equal(statusText(299), 'status code 299')
})

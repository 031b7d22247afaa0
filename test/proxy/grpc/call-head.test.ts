import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isGrpcType, readCallHead, upstreamFields } from '../../../src/proxy/grpc/call-head.ts'

test('gRPC-Web and other types are no gRPC', () => {
  const types = [
    'application/grpc',
    'application/grpc+proto',
    'application/grpc;v=1',
    'application/grpc-web',
    'application/json',
    '',
  ]
  assert.deepEqual(types.map(isGrpcType), [true, true, true, false, false, false])
})

test('dsthost counts when it is there once', () => {
  assert.equal(readCallHead(['dsthost', 'blue']).dstHost, 'blue')
  assert.equal(readCallHead(['dsthost', 'blue', 'dsthost', 'green']).dstHost, '')
  assert.equal(readCallHead([]).dstHost, '')
})

test('metadata passes whole; authority, scheme and the time left are ours', () => {
  const fields = [
    ':method',
    'POST',
    ':authority',
    'edge',
    ':scheme',
    'https',
    ':path',
    '/a/B',
    'grpc-timeout',
    '1S',
    'a',
    '1',
    'a',
    '2',
  ]
  const to = { authority: '10.0.0.1:9', isTls: false, timeout: '900m' }
  assert.deepEqual(upstreamFields(fields, to), [
    ...[':authority', '10.0.0.1:9', ':method', 'POST', ':scheme', 'http', ':path', '/a/B'],
    ...['grpc-timeout', '900m', 'a', '1', 'a', '2'],
  ])
  assert.ok(upstreamFields(fields, { ...to, timeout: undefined }).includes('1S'))
})

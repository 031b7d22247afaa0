// A service instance in a process of its own, so that it can be killed as a machine kills it. Run by rolling-deploy.ts:
//   node test/harness/instance-process.ts NAME FILE
// GET answers the name. POST writes its X-Order header to FILE before it answers: what was done stays done, whoever dies then.

import { appendFileSync } from 'node:fs'
import { createServer } from 'node:http'

const [, , name = '', file = ''] = process.argv

const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    const order = request.headers['x-order']
    if (request.method === 'POST') appendFileSync(file, `${String(order)} ${name}\n`)
    // Some requests are under way whenever the instance ends.
    setTimeout(() => response.end(name), Math.random() * 20)
  })
})
// Below what the router may keep a connection for, so that the race for idle connections is part of every run.
server.keepAliveTimeout = 1000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.stdout.write(`${typeof address === 'object' && address !== null ? address.port : 0}\n`)
})
// Stops as a well-behaved service does: takes no more, answers what it has, ends.
process.on('SIGTERM', () => {
  server.close(() => process.exit(0))
  server.closeIdleConnections()
})

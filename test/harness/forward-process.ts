// Passes TCP connections on, in a process of its own so that it can live in another network namespace.
//   node test/harness/forward-process.ts LISTEN_ADDRESS TARGET_ADDRESS TARGET_PORT
// Prints its port when it listens.

import { connect, createServer } from 'node:net'
import { pipeline } from 'node:stream'

const [listenAddress = '', targetAddress = '', targetPort = ''] = process.argv.slice(2)

createServer(near => {
  const far = connect(Number(targetPort), targetAddress)
  pipeline(near, far, near, () => {
    // Either end has gone, and so has the other.
  })
}).listen(0, listenAddress, function listening(this: { address(): unknown }) {
  const address = this.address()
  const port = typeof address === 'object' && address !== null && 'port' in address ? address.port : 0
  process.stdout.write(`${String(port)}\n`)
})

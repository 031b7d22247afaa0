// HTTPS requests with a whole handshake each while certificates are replaced every second: how many fail. Clients, router and
// upstream share this machine's cores. Run: node bench/tls-rotation.bench.ts [requests a second, 1000] [seconds, 20]
import { rotateUnderLoad } from '../test/harness/rotate-under-load.ts'

const [rate = '1000', time = '20'] = process.argv.slice(2)
const { requests, failures, shown, replaced, seconds } = await rotateUnderLoad({
  seconds: Number(time),
  clients: 64,
  ratePerSecond: Number(rate),
})
console.log(`asked for ${rate} requests/s, each with a new handshake, for ${time} s`)
console.log(`${requests} requests in ${seconds.toFixed(1)} s: ${Math.round(requests / seconds)}/s`)
console.log(`certificates replaced ${replaced} times; clients saw ${shown.size} of them`)
console.log(`failures: ${failures.length}`)
for (const failure of new Set(failures.slice(0, 20))) console.log(`  ${failure}`)
process.exitCode = failures.length === 0 ? 0 : 1

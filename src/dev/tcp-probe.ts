import { connect } from 'node:net'
import type { TcpProbe } from './check-definition.ts'
import { describeDialFailure } from './dial-failure.ts'
import type { ProbeResult } from './probe-loop.ts'

/** Passing when a connection can be made in time. Nothing is sent over it. */
export function probeTcp(probe: TcpProbe, signal: AbortSignal): Promise<ProbeResult> {
  const target = splitAddress(probe.address)
  if (target === undefined) {
    const output = `dial tcp: address ${probe.address}: missing port in address`
    return Promise.resolve({ status: 'critical', output })
  }
  return new Promise(resolve => {
    const socket = connect({ ...target, signal })
    const finish = (result: ProbeResult): void => {
      clearTimeout(deadline)
      resolve(result)
      socket.destroy()
    }
    const fail = (cause: unknown): void =>
      finish({ status: 'critical', output: describeDialFailure(cause, probe.address) })
    const deadline = setTimeout(() => fail({ code: 'ETIMEDOUT' }), probe.timeoutMs)
    socket.once('connect', () => finish({ status: 'passing', output: `TCP connect ${probe.address}: Success` }))
    socket.on('error', fail) // stays for the socket's whole life; a second call changes nothing
  })
}

/** `host:port` or `[v6]:port`; undefined when that is not what it is. An empty host is this machine, as in Go. */
function splitAddress(address: string): { readonly host: string; readonly port: number } | undefined {
  const [, bracketed, plain, port = ''] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/u.exec(address) ?? []
  const host = bracketed ?? plain
  return host === undefined || Number(port) > 65535 ? undefined : { host: host || 'localhost', port: Number(port) }
}

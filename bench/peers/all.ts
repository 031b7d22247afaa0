import { fabio, ours } from './fabio.ts'
import { haproxy } from './haproxy.ts'
import { nginx } from './nginx.ts'
import type { Peer } from './peer.ts'
import { httpProxy, undici } from './yardstick.ts'

/** In the order of the report. The first is what the others are compared with. */
export const PEERS: readonly Peer[] = [ours, fabio, haproxy, nginx, undici, httpProxy]

import { bool, integer, keyValues, list, text, unsigned } from './option.ts'
import { hideListSecrets } from './secrets.ts'

const SINCE = '1.6.3'
// Only at the switch: one warning is enough, and without the switch the others have no effect in Fabio either.
const LATER = { later: 'BGP announcements are not part of this version' }

export const bgpOptions = {
  enabled: bool('bgp.enabled', 'false', 'announces anycast addresses with BGP while the process runs', SINCE, LATER),
  asn: unsigned('bgp.asn', '65000', 'our BGP autonomous system number', SINCE),
  anycastAddresses: list('bgp.anycastaddresses', '', 'networks to announce with BGP, in CIDR notation', SINCE),
  routerId: text(
    'bgp.routerid',
    '',
    'our BGP router ID, an address of this machine that is not announced; required',
    SINCE,
  ),
  listenPort: integer('bgp.listenport', '179', 'port to accept BGP peers on; -1 for none', SINCE),
  listenAddresses: list('bgp.listenaddresses', '0.0.0.0', 'addresses to accept BGP peers on', SINCE),
  peers: keyValues('bgp.peers', '', 'routers to announce to with BGP; at least one is required', SINCE, {
    example: 'address=192.0.2.1;asn=65001',
    hide: hideListSecrets,
  }),
  enableGrpc: bool('bgp.enablegrpc', 'false', 'serves the management API of gobgp', SINCE),
  grpcListenAddress: text('bgp.grpclistenaddress', '127.0.0.1:50051', 'address of the management API of gobgp', SINCE),
  nextHop: text('bgp.nexthop', '', 'next hop of what is announced with BGP', SINCE, {
    defaultNote: 'bgp.routerid',
  }),
  gobgpdCfgFile: text(
    'bgp.gobgpdcfgfile',
    '',
    'gobgpd configuration file that is used instead of these options',
    SINCE,
  ),
}

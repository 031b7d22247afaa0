import { type IpAddress, parseIpAddress } from './ip-address.ts'

/** The address blocks that an RFC defines, as far as the `rfc` selector of address templates knows them (go-sockaddr). */
export function networksOfRfc(rfc: number): readonly IpAddress[] | undefined {
  return NETWORKS.get(rfc)
}

/** Blocks that no router forwards, or that documentation uses. */
export function unforwardableNetworks(): readonly IpAddress[] {
  return UNFORWARDABLE
}

const UNFORWARDABLE = networks(
  '0.0.0.0/8 127.0.0.0/8 169.254.0.0/16 192.0.0.0/24 192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4 255.255.255.255/32 ' +
    '::1/128 ::/128 ::ffff:0:0/96 2001:db8::/32 2001:10::/28 fe80::/10',
)

const NETWORKS: ReadonlyMap<number, readonly IpAddress[]> = new Map([
  [919, networks('255.255.255.255/32')],
  [1112, networks('224.0.0.0/4')],
  [1122, networks('0.0.0.0/8 127.0.0.0/8')],
  [1918, networks('10.0.0.0/8 172.16.0.0/12 192.168.0.0/16')],
  [2544, networks('198.18.0.0/15')],
  [2765, networks('::ffff:0:0/96')],
  [2928, networks('2001::/16')],
  [3056, networks('2002::/16')],
  [3068, networks('192.88.99.0/24 2002:c058:6301::/120')],
  [3171, networks('224.0.0.0/4')],
  [
    3330,
    networks(
      '0.0.0.0/8 10.0.0.0/8 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 ' +
        '224.0.0.0/4 240.0.0.0/4',
    ),
  ],
  [3849, networks('2001:db8::/32')],
  [3927, networks('169.254.0.0/16')],
  [4038, networks('::ffff:0:0/96')],
  [4193, networks('fc00::/7')],
  [4291, networks('::/128 ::1/128 ::/96 ::ffff:0:0/96 fe80::/10 fec0::/10 ff00::/8')],
  [4380, networks('2001::/32')],
  [4773, networks('2001::/23')],
  [4843, networks('2001:10::/28')],
  [5180, networks('2001:200::/48')],
  [5735, networks('192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 198.18.0.0/15')],
  [5737, networks('192.0.2.0/24 198.51.100.0/24 203.0.113.0/24')],
  [6052, networks('64:ff9b::/96')],
  [6333, networks('192.0.0.0/29')],
  [6598, networks('100.64.0.0/10')],
  [6666, networks('100::/64')],
  [
    6890,
    networks(
      '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 ' +
        '192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4 255.255.255.255/32 ' +
        '::1/128 ::/128 64:ff9b::/96 ::ffff:0:0/96 100::/64 2001::/16 2002::/16 fc00::/7 fe80::/10',
    ),
  ],
  [7335, networks('192.0.0.0/29')],
])

function networks(texts: string): readonly IpAddress[] {
  return texts.split(' ').map(text => {
    const network = parseIpAddress(text)
    if (network === undefined) throw new Error(`not a network: ${text}`)
    return network
  })
}

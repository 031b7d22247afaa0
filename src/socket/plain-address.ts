/** IPv4 peers of a socket that serves both families come as `::ffff:1.2.3.4`; everybody else calls them `1.2.3.4`. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}

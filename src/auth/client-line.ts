/**
 * Whom an address counts as in a queue: itself, or its network of 64 bits with IPv6 (RFC 4291 §2.5.4), because all of that
 * is at the disposal of whoever has one address in it.
 */
export function clientLine(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':')
    while (groups.length + after.length < 8) groups.push('0')
    groups.push(...after)
  }
  return groups.slice(0, 4).join(':')
}

/** Consul keeps keys, checks and services in the order of their UTF-8 bytes, which is not the order of UTF-16 units. */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** An address or the start of a block as numbers: one for IPv4, four of 32 bits for IPv6, most significant first. */
export type IpWords = readonly [number] | readonly [number, number, number, number]

/**
 * The numbers of an address in its usual text form, without zone; undefined when it is none. An IPv4 address that is
 * written as IPv6 (`::ffff:192.0.2.1`, as dual-stack sockets name their peers) is an IPv4 address.
 */
export function parseIpAddress(text: string): IpWords | undefined {
  if (!text.includes(':')) {
    const word = parseIpv4(text)
    return word === undefined ? undefined : [word]
  }
  const words = parseIpv6(text)
  if (words === undefined) return undefined
  return isMappedIpv4(words) ? [words[3]] : words
}

/** Whether the IPv6 form holds an IPv4 address. */
export function isMappedIpv4(words: readonly [number, number, number, number]): boolean {
  return words[0] === 0 && words[1] === 0 && words[2] === 0xffff
}

/** Four decimal numbers without leading zeros, as one of 32 bits. */
export function parseIpv4(text: string): number | undefined {
  let word = 0
  let octet = -1
  let dots = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit === 0x2e) {
      if (octet < 0 || dots === 3) return undefined
      word = word * 256 + octet
      octet = -1
      dots++
      continue
    }
    const digit = unit - 0x30
    if (digit < 0 || digit > 9 || octet === 0) return undefined
    octet = octet < 0 ? digit : octet * 10 + digit
    if (octet > 255) return undefined
  }
  return dots === 3 && octet >= 0 ? word * 256 + octet : undefined
}

/** Eight groups, or fewer and one `::`; the last two may be an IPv4 address. */
export function parseIpv6(text: string): [number, number, number, number] | undefined {
  const gap = text.indexOf('::')
  const head = parseGroups(gap < 0 ? text : text.slice(0, gap), { mayEndInIpv4: gap < 0 })
  const tail = parseGroups(gap < 0 ? '' : text.slice(gap + 2), { mayEndInIpv4: true })
  if (head === undefined || tail === undefined) return undefined

  const missing = 8 - head.length - tail.length
  if (gap < 0 ? missing !== 0 : missing < 1) return undefined
  const groups = [...head, ...Array.from({ length: missing }, () => 0), ...tail]
  const word = (index: number) => (groups[index] ?? 0) * 0x10000 + (groups[index + 1] ?? 0)
  return [word(0), word(2), word(4), word(6)]
}

function parseGroups(text: string, { mayEndInIpv4 }: { mayEndInIpv4: boolean }): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    if (mayEndInIpv4 && index === parts.length - 1 && part.includes('.')) {
      const word = parseIpv4(part)
      if (word === undefined) return undefined
      groups.push(Math.floor(word / 0x10000), word % 0x10000)
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined
      groups.push(Number.parseInt(part, 16))
    }
  }
  return groups
}

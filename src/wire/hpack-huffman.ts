// The Huffman code of HPACK (RFC 7541 §5.2, Appendix B). It is canonical: among codes of one length the smaller symbol has the smaller
// code, so the lengths say everything.

/** The length of each octet's code, one digit of base 36 an octet. EOS has 30 bits, all of them ones. */
const LENGTHS =
  'dnsssssssoussussssssssusssssssss' +
  '6aacd68baa8b8666555666666678f6ca' +
  'd67777777777777777777777878djde6' +
  'f56565666577666567655677777fbeds' +
  'kmkkmmmnmnnnnnonoomnonnnnlmnmnno' +
  'mlkmmnnlnmmolmnnllmlnmnnkmmmnmmn' +
  'qqkjmnmpqqqrrqopjlqrrqrollqqsrrr' +
  'koklmllnmmppooqnqrqqrrrrrsrrrrrq'

const BITS = new Uint8Array(256)
const CODES = new Uint32Array(256)

// The decoder goes from state to state by four bits of input. A state is an inner node of the code's tree. A step says which state
// follows (the low byte), whether a symbol is complete (EMITS) and which (bits 16 to 23), and whether the text may end here (ENDS).
const EMITS = 0x100
const ENDS = 0x200
/** EOS, or what leads nowhere else. */
const FAILS = 0x400
const SYMBOL_SHIFT = 16
const STEPS = new Uint32Array(256 * 16)

/** A node is its two ways, each a node's number, or ~symbol. */
type Node = [number, number]
const END_OF_STRING = 256

function buildCodes(): void {
  const symbols = Array.from(LENGTHS, (digit, symbol) => ({ symbol, length: Number.parseInt(digit, 36) }))
  symbols.sort((a, b) => a.length - b.length || a.symbol - b.symbol)
  let code = 0
  let before = 0
  for (const { symbol, length } of symbols) {
    code <<= length - before
    before = length
    BITS[symbol] = length
    CODES[symbol] = code++
  }
}

function buildTree(): Node[] {
  const nodes: Node[] = [[0, 0]]
  const grow = (symbol: number, code: number, length: number): void => {
    let at = 0
    for (let bit = length - 1; bit > 0; bit--) {
      const way = ((code >>> bit) & 1) as 0 | 1
      if (nodes[at]![way] === 0) nodes[at]![way] = nodes.push([0, 0]) - 1
      at = nodes[at]![way]
    }
    nodes[at]![(code & 1) as 0 | 1] = ~symbol
  }
  for (let symbol = 0; symbol < 256; symbol++) grow(symbol, CODES[symbol]!, BITS[symbol]!)
  grow(END_OF_STRING, 0x3fffffff, 30)
  return nodes
}

function buildSteps(): void {
  const nodes = buildTree()
  // Padding is the beginning of EOS, ones, and less than an octet (§5.2).
  const ends = new Set<number>()
  for (let at = 0, depth = 0; depth < 8; depth++) {
    ends.add(at)
    at = nodes[at]![1]
  }
  nodes.forEach((_node, from) => {
    for (let nibble = 0; nibble < 16; nibble++) STEPS[from * 16 + nibble] = stepOf(nodes, from, nibble, ends)
  })
}

function stepOf(nodes: readonly Node[], from: number, nibble: number, ends: ReadonlySet<number>): number {
  let at = from
  let emitted = 0
  for (let bit = 3; bit >= 0; bit--) {
    const next = nodes[at]![((nibble >>> bit) & 1) as 0 | 1]
    if (next >= 0) {
      at = next
      continue
    }
    if (~next === END_OF_STRING) return FAILS
    // No code is shorter than five bits, so four complete one symbol at most.
    emitted = EMITS | (~next << SYMBOL_SHIFT)
    at = 0
  }
  return at | emitted | (ends.has(at) ? ENDS : 0)
}

buildCodes()
buildSteps()

/**
 * Writes what `bytes[from, to)` encodes to `out`, which has room for eight fifths of it.
 * @returns how many octets that is; -1 for what no encoder writes: EOS, padding that is too long or not of ones
 */
export function decodeHuffman(bytes: Uint8Array, from: number, to: number, out: Uint8Array): number {
  let step = ENDS
  let length = 0
  for (let i = from; i < to; i++) {
    const octet = bytes[i]!
    step = STEPS[((step & 0xff) << 4) | (octet >>> 4)]!
    if ((step & (EMITS | FAILS)) !== 0) {
      if ((step & FAILS) !== 0) return -1
      out[length++] = step >>> SYMBOL_SHIFT
    }
    step = STEPS[((step & 0xff) << 4) | (octet & 15)]!
    if ((step & (EMITS | FAILS)) !== 0) {
      if ((step & FAILS) !== 0) return -1
      out[length++] = step >>> SYMBOL_SHIFT
    }
  }
  return (step & ENDS) === 0 ? -1 : length
}

/** How many octets Latin-1 text has when it is encoded. */
export function huffmanLength(text: string): number {
  let bits = 0
  for (let i = 0; i < text.length; i++) bits += BITS[text.charCodeAt(i) & 0xff]!
  return (bits + 7) >>> 3
}

/** Encodes Latin-1 text into `out`. @returns where it ends */
export function encodeHuffman(text: string, out: Uint8Array, at: number): number {
  let end = at
  // At most 7 bits wait and a code has 30 at most; only the lowest of `pending` count.
  let pending = 0
  let count = 0
  for (let i = 0; i < text.length; i++) {
    const octet = text.charCodeAt(i) & 0xff
    const code = CODES[octet]!
    let length = BITS[octet]!
    if (length > 24) {
      // Too long for 32 bits together with what waits: its first bits by themselves.
      length -= 8
      pending = (pending << 8) | (code >>> length)
      out[end++] = pending >>> count
    }
    pending = (pending << length) | (code & ((1 << length) - 1))
    count += length
    while (count >= 8) {
      count -= 8
      out[end++] = pending >>> count
    }
  }
  if (count > 0) out[end++] = (pending << (8 - count)) | (0xff >>> count)
  return end
}

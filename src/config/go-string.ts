const CONTROLS: ReadonlyMap<string, number> = new Map([
  ['a', 7],
  ['b', 8],
  ['t', 9],
  ['n', 10],
  ['v', 11],
  ['f', 12],
  ['r', 13],
  ['\\', 92],
  ['"', 34],
  ["'", 39],
])

/**
 * The inside of a quoted Go string with its escapes replaced; undefined when one of them is wrong, or a line ends within. `\x`
 * and octal escapes are bytes, which together make UTF-8. Either quote may be escaped.
 */
export function unescapeGoString(text: string): string | undefined {
  if (!text.includes('\\') && !text.includes('\n')) return text
  const part =
    /([^\\\n]+)|\\([abtnvfr\\"'])|\\x([0-9a-fA-F]{2})|\\([0-3][0-7]{2})|\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/uy
  const bytes: Buffer[] = []
  while (part.lastIndex < text.length) {
    const [whole, plain, control, hex, octal, short, long] = part.exec(text) ?? []
    const codePoint = Number.parseInt(short ?? long ?? '0', 16)
    if (whole === undefined || codePoint > 0x10ffff || (codePoint >= 0xd800 && codePoint < 0xe000)) return undefined
    if (plain !== undefined) bytes.push(Buffer.from(plain))
    else if (control !== undefined) bytes.push(Buffer.of(CONTROLS.get(control) ?? 0))
    else if (hex !== undefined) bytes.push(Buffer.of(Number.parseInt(hex, 16)))
    else if (octal !== undefined) bytes.push(Buffer.of(Number.parseInt(octal, 8)))
    else bytes.push(Buffer.from(String.fromCodePoint(codePoint)))
  }
  return Buffer.concat(bytes).toString()
}

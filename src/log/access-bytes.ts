// Lines are strings of bytes until they are written: values from the wire come as latin1, one character a byte, and leave as the
// same bytes.

/** Text that is not from the wire, in that form. */
export function utf8Bytes(text: string): string {
  return Buffer.from(text).toString('latin1')
}

/** `\xHH` */
export function escapeByte(byte: string): string {
  return `\\x${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}

const LF = 0x0a

/**
 * The bytes of lines, each ended by LF at one of `ends` (the index behind it). Control characters in between, a forged line end
 * among them, become `\xHH`. Looking at the bytes of many lines at once, eight at a time, costs a third of looking at every value.
 */
export function encodeLines(text: string, ends: readonly number[]): Uint8Array<ArrayBuffer> {
  const padded = new ArrayBuffer((text.length + 7) & ~7)
  const bytes = new Uint8Array(padded, 0, text.length)
  Buffer.from(padded).write(text, 'latin1')
  const words = new Int32Array(padded)
  let line = 0
  for (let at = 0; at < words.length; at += 2) {
    if (((controlBits(words[at]!) | controlBits(words[at + 1]!)) & 0x80808080) === 0) continue
    const end = Math.min(at * 4 + 8, bytes.length)
    for (let index = at * 4; index < end; index++) {
      const byte = bytes[index]!
      if (byte >= 0x20 && byte !== 0x7f) continue
      if (byte !== LF || index + 1 !== ends[line]) return escapeControls(text, ends)
      line++
    }
  }
  return bytes
}

/** The top bit of a byte is set when the byte is below 0x20 or is 0x7f, and now and then when only its neighbour is. */
function controlBits(word: number): number {
  return ((word - 0x20202020) | (word + 0x01010101)) & ~word
}

function escapeControls(text: string, ends: readonly number[]): Uint8Array<ArrayBuffer> {
  let clean = ''
  let start = 0
  for (const end of ends) {
    const line = Buffer.from(text.slice(start, end - 1), 'latin1').toString('latin1')
    clean += `${line.replace(/[\x00-\x1f\x7f]/g, escapeByte)}\n`
    start = end
  }
  const bytes = new Uint8Array(clean.length)
  Buffer.from(bytes.buffer).write(clean, 'latin1')
  return bytes
}

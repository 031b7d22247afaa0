const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/**
 * The base64 of crypt(3): every three bytes are a number, least significant byte first, written as four characters, least
 * significant first. What is left over of the last ones is not written.
 * @param order which byte of the digest comes when: each kind of hash shuffles them in its own way
 */
export function encodeCryptBase64(digest: Buffer, order: readonly number[]): string {
  let text = ''
  for (let i = 0; i < order.length; i += 3) {
    let left = Math.min(order.length - i, 3)
    let value = 0
    for (let k = left - 1; k >= 0; k--) value = (value << 8) | digest[order[i + k]!]!
    for (left++; left > 0; left--) {
      text += ALPHABET[value & 0x3f]
      value >>= 6
    }
  }
  return text
}

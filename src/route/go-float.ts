/**
 * `strconv.ParseFloat(text, 64)`: decimal and hexadecimal, underscores between digits, `NaN`, `Inf` and `Infinity` in any
 * case. Undefined when it is no number, or one that does not fit.
 */
export function parseGoFloat(text: string): number | undefined {
  const special = parseSpecial(text)
  if (special !== undefined) return special
  if (!hasGoodUnderscores(text)) return undefined

  const plain = text.replaceAll('_', '')
  const value = parseDecimal(plain) ?? parseHexadecimal(plain)
  return value === undefined || !Number.isFinite(value) ? undefined : value
}

function parseSpecial(text: string): number | undefined {
  if (/^nan$/i.test(text)) return Number.NaN
  const infinity = /^([+-]?)inf(inity)?$/i.exec(text)
  if (infinity === null) return undefined
  return infinity[1] === '-' ? -Infinity : Infinity
}

function hasGoodUnderscores(text: string): boolean {
  if (!text.includes('_')) return true
  // The prefix counts as a digit: `0x_1p0` is well-formed.
  const isHexadecimal = /^[+-]?0x/i.test(text)
  const digits = isHexadecimal ? text.replace(/^[+-]?0x/i, '0') : text
  const between = isHexadecimal ? /(?<=[0-9a-f])_(?=[0-9a-f])/gi : /(?<=[0-9])_(?=[0-9])/g
  return !digits.replace(between, '').includes('_')
}

function parseDecimal(text: string): number | undefined {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined
}

function parseHexadecimal(text: string): number | undefined {
  const match = /^([+-]?)0x([0-9a-f]*)\.?([0-9a-f]*)p([+-]?\d+)$/i.exec(text)
  if (match === null) return undefined
  const [, sign = '', whole = '', fraction = '', exponent = ''] = match
  if (whole === '' && fraction === '') return undefined

  const mantissa = BigInt(`0x${whole}${fraction}`)
  if (mantissa === 0n) return 0
  const power = Number(exponent) - 4 * fraction.length
  const value = scale(mantissa, power)
  return sign === '-' ? -value : value
}

// Beyond these powers every mantissa that fits a line of text is infinite or zero.
function scale(mantissa: bigint, power: number): number {
  const bits = mantissa.toString(2).length
  if (bits + power > 1024) return Infinity
  if (bits + power < -1074) return 0
  if (power >= 0) return Number(mantissa << BigInt(power))
  // Number() rounds once; dividing by a power of two is exact unless the result is subnormal.
  const surplus = Math.max(0, bits - 64)
  const lost = surplus > 0 && (mantissa & ((1n << BigInt(surplus)) - 1n)) !== 0n ? 1n : 0n
  let value = Number((mantissa >> BigInt(surplus)) | lost)
  for (let left = power + surplus; left !== 0; ) {
    const step = Math.max(-1000, Math.min(1000, left))
    value *= 2 ** step
    left -= step
  }
  return value
}

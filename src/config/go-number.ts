// Fabio reads booleans and numbers with Go's strconv. Files written for it may use what that takes: `0x10`, `1_000`, `T`.

/** What reading a number gave: `nearest` is what Fabio falls back to when the text is no number (0) or is out of range. */
type NumberReading = { readonly ok: true; readonly value: number } | { readonly ok: false; readonly nearest: number }

/** The words of Go's strconv.ParseBool, and no others: `yes` and `on` are not among them. */
export function parseBoolean(text: string): boolean | undefined {
  if (/^(?:1|t|T|true|TRUE|True)$/.test(text)) return true
  if (/^(?:0|f|F|false|FALSE|False)$/.test(text)) return false
  return undefined
}

/**
 * Go's strconv.ParseInt and ParseUint with base 0 and 64 bits: `0x`, `0o` and `0b` prefixes, a leading 0 means octal, `_` may
 * stand between digits of a number with a prefix or, as Go has it, of a plain decimal one. Values beyond 2^53 lose their last digits.
 */
export function parseInteger(
  text: string,
  options: { readonly signed: boolean; readonly bits?: number },
): NumberReading {
  const sign = options.signed ? (/^[+-]/.exec(text)?.[0] ?? '') : ''
  const digits = readDigits(text.slice(sign.length))
  if (digits === undefined) return { ok: false, nearest: 0 }
  const bits = BigInt(options.bits ?? 64)
  const value = sign === '-' ? -digits : digits
  const highest = options.signed ? (1n << (bits - 1n)) - 1n : (1n << bits) - 1n
  const lowest = options.signed ? -(1n << (bits - 1n)) : 0n
  if (value > highest) return { ok: false, nearest: Number(highest) }
  if (value < lowest) return { ok: false, nearest: Number(lowest) }
  // -0 is a number of its own in JavaScript and prints like none.
  return { ok: true, value: Number(value) || 0 }
}

function readDigits(text: string): bigint | undefined {
  const decimal = /^(?:0|[1-9](?:_?[0-9])*)$/
  if (decimal.test(text)) return BigInt(text.replaceAll('_', ''))
  const octal = /^0[oO]?((?:_?[0-7])+)$/.exec(text)?.[1]
  if (octal !== undefined) return BigInt(`0o${octal.replaceAll('_', '')}`)
  if (/^0[xX](?:_?[0-9a-fA-F])+$/.test(text) || /^0[bB](?:_?[01])+$/.test(text))
    return BigInt(text.replaceAll('_', '').toLowerCase())
  return undefined
}

/** Go's strconv.ParseFloat: decimal and hexadecimal floating point, `_` between digits, `inf`, `infinity` and `nan` in any case. Too large is an error. */
export function parseFloatNumber(text: string): number | undefined {
  if (/^[+-]?inf(?:inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  if (/^nan$/i.test(text)) return Number.NaN
  const digits = text.replaceAll(/(?<=[0-9])_(?=[0-9])/g, '')
  const isDecimal = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/.test(digits)
  const value = isDecimal ? Number(digits) : readHexFloat(text)
  return value === undefined || Math.abs(value) === Infinity ? undefined : value
}

function readHexFloat(text: string): number | undefined {
  const parts = /^([+-]?)0[xX]((?:_?[0-9a-fA-F])*)(?:\.([0-9a-fA-F]*(?:_?[0-9a-fA-F])*))?[pP]([+-]?[0-9]+)$/.exec(text)
  if (parts === null) return undefined
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts
  const mantissa = `${whole}${fraction}`.replaceAll('_', '')
  if (mantissa === '') return undefined
  const value = Number(BigInt(`0x${mantissa}`)) * 2 ** (Number(exponent) - 4 * fraction.replaceAll('_', '').length)
  return sign === '-' ? -value : value
}

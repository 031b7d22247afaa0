/** Control characters, and the two of Unicode that some readers take for a line end. */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029]/gu

/** The same without line feed and tab, which texts of our own may contain. */
const UNPRINTABLE_IN_RECORD = /[^\P{Cc}\n\t]|[\u2028\u2029]/gu

/**
 * Makes a value from outside (a host, a path, an answer of a registry) safe to put into the text of a record: it cannot
 * begin a new line or move the cursor of whoever reads it.
 */
export function quoteForLog(value: string): string {
  return value.replace(UNPRINTABLE, escapeCharacter)
}

/** The last line of defence for whole texts: lines stay, everything else that does not print is shown as an escape. */
export function escapeRecordText(text: string): string {
  return text.replace(UNPRINTABLE_IN_RECORD, escapeCharacter)
}

function escapeCharacter(character: string): string {
  switch (character) {
    case '\n':
      return '\\n'
    case '\r':
      return '\\r'
    case '\t':
      return '\\t'
    default: {
      const code = character.codePointAt(0) ?? 0
      return code > 0xff ? `\\u${code.toString(16)}` : `\\x${code.toString(16).padStart(2, '0')}`
    }
  }
}

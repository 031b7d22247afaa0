import packageFile from '../package.json' with { type: 'json' }

/** Of this program. */
export const VERSION: string = packageFile.version

/** The release of the original whose behaviour is kept (docs/differences.md names the exceptions). */
const COMPATIBLE_WITH = '1.7.3'

/** The one line of `-v`: version first, as with the original, then what it runs on. */
export function versionLine(): string {
  const { node, v8, llhttp, openssl } = process.versions
  return `${VERSION} node${node} (like fabio ${COMPATIBLE_WITH}; v8 ${v8}, llhttp ${llhttp}, openssl ${openssl})`
}

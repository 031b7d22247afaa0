import { decodeBase64 } from './go-base64.ts'

/** User and password as bytes, one character a byte: nobody says in which encoding a client writes them. */
export interface BasicCredentials {
  readonly user: string
  readonly password: string
}

const PREFIX = 'basic '

/**
 * Longer headers are no credentials: taking them apart is work on the data path, and no password is that long. Fabio has only
 * the limit of the head.
 */
export const MAX_AUTHORIZATION_LENGTH = 16_384

/** Could these be Basic credentials, as far as a look at their beginning tells? */
export function hasBasicPrefix(authorization: string): boolean {
  return (
    authorization.length <= MAX_AUTHORIZATION_LENGTH && authorization.slice(0, PREFIX.length).toLowerCase() === PREFIX
  )
}

/**
 * The value of an Authorization header (RFC 7617 §2), as Latin-1: the scheme in any case, one blank, base64, and the first colon
 * divides. undefined for everything else.
 */
export function parseBasicCredentials(authorization: string): BasicCredentials | undefined {
  if (!hasBasicPrefix(authorization)) return undefined
  const text = decodeBase64(authorization.slice(PREFIX.length))?.toString('latin1')
  const colon = text?.indexOf(':') ?? -1
  if (text === undefined || colon === -1) return undefined
  return { user: text.slice(0, colon), password: text.slice(colon + 1) }
}

import { type PasswordHash, parsePasswordHash } from './password-hash.ts'

/** One user of a file. */
export interface HtpasswdUser {
  readonly hash: PasswordHash
  /** As it is in the file: to see whether it changed. */
  readonly encoded: string
}

export interface HtpasswdProblem {
  /** From 1. */
  readonly line: number
  /** Never holds any part of the line, which may be a password. */
  readonly problem: string
}

export interface Htpasswd {
  /** By name; bytes, one character a byte. */
  readonly users: ReadonlyMap<string, HtpasswdUser>
  readonly problems: readonly HtpasswdProblem[]
}

const BYTE_ORDER_MARK = '\xef\xbb\xbf'

/**
 * Users from the text of an htpasswd file, bytes as Latin-1. A line is `user:hash`; the last line of a user counts; nothing
 * is a comment. A line that is neither costs only itself.
 */
export function parseHtpasswd(text: string): Htpasswd {
  const users = new Map<string, HtpasswdUser>()
  const problems: HtpasswdProblem[] = []
  const body = text.startsWith(BYTE_ORDER_MARK) ? text.slice(BYTE_ORDER_MARK.length) : text
  let number = 0
  for (const raw of body.split('\n')) {
    number++
    const line = trimSpace(raw)
    if (line === '') continue
    const colon = line.indexOf(':')
    if (colon === -1) {
      problems.push({ line: number, problem: 'malformed line, no colon' })
      continue
    }
    const encoded = line.slice(colon + 1)
    const { hash, problem } = parsePasswordHash(encoded)
    if (problem !== undefined) problems.push({ line: number, problem })
    if (hash !== undefined) users.set(line.slice(0, colon), { hash, encoded })
  }
  return { users, problems }
}

/** What Unicode calls white space, in UTF-8, as bytes. A lone byte A0 is none: it may end a password. */
const SPACES: readonly string[] =
  '\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'
    .split('')
    .map(space => Buffer.from(space, 'utf8').toString('latin1'))

function trimSpace(line: string): string {
  let start = 0
  let end = line.length
  for (let space = spaceAtStart(line, start); space !== undefined; space = spaceAtStart(line, start))
    start += space.length
  for (let space = spaceAtEnd(line, end); space !== undefined; space = spaceAtEnd(line, end)) end -= space.length
  return line.slice(start, Math.max(start, end))
}

function spaceAtStart(line: string, at: number): string | undefined {
  return SPACES.find(space => line.startsWith(space, at))
}

function spaceAtEnd(line: string, end: number): string | undefined {
  return SPACES.find(space => line.endsWith(space, end))
}

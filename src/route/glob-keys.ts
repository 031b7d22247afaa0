import { isIPv6 } from 'node:net'
import type { Glob } from './glob.ts'
import { compileGlob, hasGlobCharacters } from './glob.ts'
import { GlobSyntaxError } from './glob-syntax.ts'

/** Whether a host key is a pattern. One that does not compile stands for itself, and so does an IPv6 address in brackets. */
export function isHostGlob(key: string): boolean {
  return hasGlobCharacters(key) && !isIpv6Host(key) && compileError(key) === undefined
}

/** Why a host key that looks like a pattern is taken literally, in the words of Fabio's log; undefined when all is well. */
export function hostGlobError(key: string): string | undefined {
  return hasGlobCharacters(key) && !isIpv6Host(key) ? compileError(key) : undefined
}

/** Why a path is no glob, in the words of Fabio's log; undefined when it is one. */
export function pathGlobError(path: string): string | undefined {
  return hasGlobCharacters(path) ? compileError(path) : undefined
}

/** The pattern of a path; undefined when it stands for itself. */
export function compilePathGlob(path: string): Glob | undefined {
  return hasGlobCharacters(path) && compileError(path) === undefined ? compileGlob(path) : undefined
}

function compileError(pattern: string): string | undefined {
  try {
    compileGlob(pattern)
    return undefined
  } catch (cause) {
    if (cause instanceof GlobSyntaxError) return cause.message
    throw cause
  }
}

/** `[::1]` and `[::1]:8080`, which would also be character classes. */
function isIpv6Host(key: string): boolean {
  const address = /^\[([^\]]*)\](:[0-9]*)?$/.exec(key)?.[1]
  return address !== undefined && isIPv6(address)
}
